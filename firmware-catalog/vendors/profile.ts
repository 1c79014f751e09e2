import type { Mac } from '@ringwave/protocol/units';
import type { RequestedFile } from '../requested-path.ts';
import type { LineFacts } from './line-facts.ts';

/**
 * Spelled as vendors spell themselves on the wire; catalogue data uses the same words. Two names with a
 * stroke stand for a make that changed hands, where the claim alone does not tell which owner's phone it is.
 */
export type VendorName = string;

/** What was seen of one phone. Every field is a claim: anyone on the voice LAN can forge it. */
export interface ProvisioningRequest {
  readonly protocol?: 'http' | 'tftp' | undefined;
  readonly userAgent?: string | undefined;
  readonly path?: string | undefined;
  /** The User-Agent of a SIP request; vendors spell it otherwise than over HTTP, or tenants replace it. */
  readonly sipUserAgent?: string | undefined;
  /** DHCP option 60; some makers end it with a NUL byte. */
  readonly dhcpClass?: string | undefined;
}

/** What a request claims about the phone that sent it. `null` is *unknown*, never a guess. */
export interface Identity {
  readonly vendor: string | null;
  readonly model: string | null;
  readonly version: string | null;
  readonly mac: Mac | null;
  /** Hardware revision where the vendor's User-Agent shows one (Grandstream `V1.3A`, Cisco SPA none). */
  readonly hardware?: string;
  readonly serial?: string;
  /** 'boot': the version is the boot loader's or updater's and proves nothing about the application. */
  readonly versionKind?: 'application' | 'boot';
  /** The models that share the file asked for; `model` is then the commonest of them. */
  readonly modelCandidates?: readonly string[];
}

export type Order = 'older' | 'same' | 'newer' | 'incomparable';

/** How a phone decides on an offered image (vendor manuals; see each profile); 'unknown' where no document tells. */
export type UpdateDecision = LineFacts['updateDecision'];

/** What a requested path means to this vendor. */
export type FileAsked =
  | { readonly kind: 'common-config' }
  | { readonly kind: 'phone-config'; readonly mac: Mac }
  | { readonly kind: 'image'; readonly fileName: string }
  /** Licences, directories, logs: a clean 404 is the right answer when absent. */
  | { readonly kind: 'other' };

/** One file a phone asks for when it boots, in order. */
export interface BootFile {
  readonly protocol: 'http' | 'tftp';
  readonly path: string;
  readonly means: 'common-config' | 'phone-config' | 'other';
}

/** Where a phone reaches the agent; hosts and ports are the agent's own listeners. */
export interface AgentAddress {
  readonly host: string;
  readonly httpPort: number;
  readonly tftpPort: number;
  /** Where files with logins are fetched; absent: the agent serves no HTTPS. Images need no secrecy. */
  readonly httpsPort?: number;
}

/** What a phone knows of itself while it reads a configuration: macros and fixed names need it. */
export interface PhoneFacts {
  readonly mac: Mac;
  readonly model: string;
  /** What it runs, where names of settings differ by version. */
  readonly version?: string;
}

/** What a configuration file told the phone that read it. */
export interface ConfigRead {
  /** A URL that ends in `/` is a folder: the phone adds the fixed name of its own model (Grandstream). */
  readonly firmware?: { readonly url: string; readonly version?: string };
  readonly provisioning?: { readonly user: string; readonly password: string };
  /** Further files the config tells the phone to load (Poly CONFIG_FILES, Cisco Profile_Rule). */
  readonly include?: readonly string[];
}

/** Everything that a phone's configuration file may say. Absent means: do not mention it. */
export interface Rendition {
  readonly mac: Mac;
  readonly model: string;
  readonly agent: AgentAddress;
  /** Named only while the phone's slot is granted. `folder` is the path below the agent's root. */
  readonly firmware?: {
    readonly version: string;
    readonly folder: string;
    readonly fileName: string;
    /** Where it is known: what a phone cannot carry over TFTP is named over HTTP. */
    readonly lengthBytes?: number;
  };
  /** The login with which the phone fetches its files from the agent over HTTP. */
  readonly provisioning?: { readonly user: string; readonly password: string };
  /** Whether the phone asked in clear and is told to fetch its files over HTTPS, where it is given its login. */
  readonly isLed?: boolean;
}

export interface RenderedFile {
  readonly contentType: string;
  readonly body: string;
  /** Whether the phone that took this file knows its login now: Poly's master only names the file that holds it. */
  readonly holdsLogin: boolean;
}

/**
 * What a User-Agent of a vendor says. A bare vendor word is nobody's claim; the model is null only where
 * the vendor's own form names a whole series, or a model that nobody here has heard of.
 */
export interface AgentClaim {
  readonly model: string | null;
  readonly version: string | null;
  readonly mac: Mac | null;
  readonly hardware?: string;
  readonly serial?: string;
  readonly versionKind?: 'application' | 'boot';
}

/** What a requested file says of the phone that wants it. */
export interface PathClaim {
  readonly model: string | null;
  readonly modelCandidates?: readonly string[];
  readonly hardware?: string;
  /** No other vendor uses this name, and tenants replace this vendor's User-Agent: it stands beside any. */
  readonly ownName: boolean;
}

export interface Recogniser {
  readonly vendor: VendorName;
  /** The small letters with which this vendor's User-Agents begin: others are not read. Absent: any. */
  readonly agentInitials?: string;
  /** Undefined unless the User-Agent is this vendor's and names a model. Linear in its length. */
  readonly readAgent: (userAgent: string) => AgentClaim | undefined;
  /** Undefined unless this vendor's phones ask for such a name. */
  readonly readFile: (file: RequestedFile) => PathClaim | undefined;
  /** Reads DHCP option 60, trimmed; absent where this vendor's class is only ever its User-Agent. */
  readonly readClass?: (dhcpClass: string) => AgentClaim | undefined;
}

/** A vendor whose phones are recognised and whose versions are ordered, whether or not they can be served. */
export interface VendorKnowledge {
  readonly name: VendorName;
  /** How requests are read; `identify` asks all vendors' recognisers at once. */
  readonly recogniser: Recogniser;
  /** MAC prefixes (24 bits, lower case, no separators): hints only; an unknown prefix rejects nobody. */
  readonly ouis: readonly string[];
  /** Undefined when nothing in the request is this vendor's. Linear in the input's length. */
  identify(request: ProvisioningRequest): Identity | undefined;
  /** Orders `a` against `b` ('older': a is older). Model and hardware narrow the line where given. */
  compare(a: string, b: string, about?: { model?: string; hardware?: string }): Order;
  /** What is documented about the phones of each of this vendor's lines. */
  readonly lines: readonly LineFacts[];
}

/** A vendor whose phones the agent can provision, update and wake as well. */
export interface VendorProfile extends VendorKnowledge {
  readonly updateDecision: UpdateDecision;
  /** The files a phone of this vendor asks for at boot, in the vendor's order. */
  bootFiles(phone: { mac: Mac; model: string }): readonly BootFile[];
  /** What a path means; undefined when it is not a name this vendor's phones use. */
  fileAsked(path: string): FileAsked | undefined;
  /** The vendor's file for one phone. `asked` chooses between several files of one phone (Poly master/user). */
  renderPhoneConfig(rendition: Rendition, path: string): RenderedFile;
  /** The file every phone of a model asks for first; it never holds a secret. */
  renderCommonConfig(agent: AgentAddress, path: string): RenderedFile;
  /**
   * Reads back what a config says, as the phone would: the simulator's phones and the tests use it.
   * Without `phone`, macros that name the phone stay unread and a folder stays a folder.
   */
  readConfig(body: string, phone?: PhoneFacts): ConfigRead;
  /** SIP NOTIFY Event header that makes the phone reload and, where needed, reboot. */
  readonly wake: { readonly event: string };
  /** The protocols over which this vendor's phones fetch an image, preferred first. */
  readonly imageTransport: readonly ('http' | 'tftp')[];
  /** The User-Agent a phone of this model sends over HTTP; the simulator's phones use it. */
  userAgent(phone: { mac: Mac; model: string; version: string; hardware?: string }): string;
  /**
   * Names its phones write to the server, `{mac}` for their own twelve digits; absent where no document names any. All
   * other names are refused.
   */
  readonly uploads?: readonly string[];
  /** Characters and length a provisioning password may have (vendor limits; phones.md facts). */
  readonly password: { readonly alphabet: string; readonly length: number };
}
