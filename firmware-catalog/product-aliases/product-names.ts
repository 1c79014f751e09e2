/** How advisories name one vendor's products: what the words of an advisory or a CPE name are held against. */
export interface ProductNames {
  /** As the catalogue spells the vendor. */
  readonly vendor: string;
  /** Other catalogue vendors whose phones are the same make: Aastra's 6867i is Mitel's. */
  readonly alsoVendors?: readonly string[];
  /** Names in advisories and CPE, small letters and digits only: `ciscosystemsinc`. */
  readonly names: readonly string[];
  /** Words of a model's name that the catalogue spells otherwise: `soundpoint` is SPIP. */
  readonly spellings?: Readonly<Record<string, string>>;
  /** Words that say nothing of the model, besides those that all vendors share. */
  readonly filler?: readonly string[];
  /** Models known by name, spelled as `identify` spells them. */
  readonly models: readonly string[];
  /** Models of these shapes belong to the vendor even where the list does not have them. */
  readonly shape: RegExp;
  /** Words that narrow a series to a line of `lines`, and the end of that line's key: `3pcc` is mpp. */
  readonly lineWords?: Readonly<Record<string, string>>;
  /** Firmware other than the SIP one that the same phones can run; no phone says which by its model. */
  readonly otherFirmware?: readonly string[];
  /** Names of whole lines, without spaces and signs, and the models they mean. */
  readonly lines?: Readonly<Record<string, { readonly name: string; readonly has: RegExp }>>;
  /** Products that are no phones, by the words that name them. */
  readonly notPhones?: readonly NotPhone[];
  /** For vendors whose versions the catalogue does not order. */
  readonly fields?: number;
}

export interface NotPhone {
  readonly words: RegExp;
  readonly name: string;
  readonly class: 'management' | 'tooling' | 'call-server' | 'other-device';
}

export const models = (text: string): readonly string[] => text.trim().split(/\s+/);
