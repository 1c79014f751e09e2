export const FAULT_CLASSES = [
  'transport',
  'capacity-shed',
  'integrity',
  'incompatible',
  'busy',
  'lost',
  'policy-blocked',
  'unknown',
] as const;
export type FaultClass = (typeof FAULT_CLASSES)[number];

export interface ClassRule {
  /** Tries that cost none of a phone's attempts; further ones do. 0: each costs one. */
  readonly freeTriesMax: number;
  /** Whether a phone that ended so speaks against the release it was given. */
  readonly countsInGate: boolean;
}

/** A line that breaks six times in a row, with pauses that double to half an hour, is broken for the night. */
const freeTriesOfLine = 6;
/** Twelve: what was shed for want of room finds room once those before it are through. */
const freeTriesOfRoom = 12;
/** Sixteen: two openings of eight calls each; somebody who talks through both is left for a person. */
const freeTriesOfCalls = 16;
/** Six: who forbids it now is asked again through a night, and then by a person. */
const freeTriesOfRules = 6;

export const CLASS_RULES: Readonly<Record<FaultClass, ClassRule>> = {
  transport: { freeTriesMax: freeTriesOfLine, countsInGate: true },
  'capacity-shed': { freeTriesMax: freeTriesOfRoom, countsInGate: false },
  integrity: { freeTriesMax: 0, countsInGate: true },
  incompatible: { freeTriesMax: 0, countsInGate: true },
  busy: { freeTriesMax: freeTriesOfCalls, countsInGate: false },
  lost: { freeTriesMax: 0, countsInGate: true },
  'policy-blocked': { freeTriesMax: freeTriesOfRules, countsInGate: false },
  unknown: { freeTriesMax: 0, countsInGate: true },
};

/** What the world can do to us: when it is tried again, and what an operator does about it. */
export interface FaultRule {
  readonly retry: 'never' | 'with-backoff' | 'next-opening' | 'when-fixed';
  readonly advice: string;
}

/** Of what can happen to a phone, an image or a plan. */
interface ClassedRule extends FaultRule {
  /** What kind of trouble it is; `CLASS_RULES` says what that means for attempts and gates. */
  readonly class: FaultClass;
}

export const FAULTS = {
  'image-digest-differs': {
    class: 'integrity',
    retry: 'never',
    advice: 'Import the release again: these bytes are not the ones the release names.',
  },
  'image-too-long': {
    class: 'integrity',
    retry: 'never',
    advice: 'Correct lengthBytes in the release manifest, then import it again.',
  },
  'image-unreachable': {
    class: 'transport',
    retry: 'with-backoff',
    advice: 'Check the line between the site and the controller; the agent goes on by itself.',
  },
  'secret-asked-in-clear': {
    class: 'policy-blocked',
    retry: 'when-fixed',
    advice:
      'Send this phone to the HTTPS address of the agent, by DHCP or in its own settings; in clear it gets no file that holds its login or passwords of its base.',
  },
  'secret-asked-from-elsewhere': {
    class: 'policy-blocked',
    retry: 'never',
    advice: 'Find the device at this address: it asks for the file of another phone.',
  },
  'mac-claimed-twice': {
    class: 'policy-blocked',
    retry: 'when-fixed',
    advice:
      'Find the two devices at these addresses: both show themselves as one phone. Then rotate its credential.',
  },
  'secret-fetched-often': {
    class: 'policy-blocked',
    retry: 'when-fixed',
    advice: 'Look whether a second device shows itself as this phone; then rotate its credential.',
  },
  'base-secret-waits': {
    class: 'policy-blocked',
    retry: 'when-fixed',
    advice:
      'Nothing to do while this phone works: it keeps what it has. If it was reset or replaced, put it into a rollout that rotates credentials, or remove it and add it again: then it gets its passwords.',
  },
  'secret-outlived': {
    class: 'policy-blocked',
    retry: 'when-fixed',
    advice:
      'Nothing to do unless it repeats: this box was restored from before a rotation, and gives these phones a new secret when they ask.',
  },
  'certificate-of-another': {
    class: 'policy-blocked',
    retry: 'never',
    advice: 'Find the phone with this certificate: it asks for the file of another one.',
  },
  'macs-enumerated': {
    class: 'policy-blocked',
    retry: 'never',
    advice: 'Find the device at this address: it tries MACs. It gets nothing for an hour.',
  },
  'decoy-asked': {
    class: 'policy-blocked',
    retry: 'never',
    advice: 'Find the device at this address at once: nobody has a reason to ask for this MAC.',
  },
  'base-unusable': {
    class: 'transport',
    retry: 'when-fixed',
    advice:
      'Look at the file or provisioning server named here; until then phones get what was good last.',
  },
  'rescue-served': {
    class: 'policy-blocked',
    retry: 'never',
    advice:
      'Nothing to do if a technician is at work there; else end it: ringwave-agent rescue --end.',
  },
  'image-changed-on-box': {
    class: 'integrity',
    retry: 'with-backoff',
    advice:
      'Find out who writes to the disk of this box, or whether it fails: a stored image was gone or had other bytes.',
  },
  'storage-full': {
    class: 'capacity-shed',
    retry: 'when-fixed',
    advice: 'Free disk space on the box named here.',
  },
  'phone-never-asked': {
    class: 'lost',
    retry: 'next-opening',
    advice: 'Check power, VLAN and the provisioning address of this phone.',
  },
  'phone-refused-wake': {
    class: 'incompatible',
    retry: 'next-opening',
    advice: 'Let the phone accept check-sync from the agent, or restart it by hand in the opening.',
  },
  'phone-in-call': {
    class: 'busy',
    retry: 'with-backoff',
    advice: 'Nothing to do: the phone is asked again when the call should be over.',
  },
  'phone-idle-unknown': {
    class: 'busy',
    retry: 'with-backoff',
    advice:
      'Nobody can say that this phone is idle: name in the agent’s --pbx file who knows of calls, and mark as standby a PBX that is usually down.',
  },
  'phone-unavailable': {
    class: 'busy',
    retry: 'with-backoff',
    advice:
      'The phone says that it is unavailable for now, and is asked again. If that stays so, look whether its line is registered, or set to do not disturb.',
  },
  'phone-login-refused': {
    class: 'incompatible',
    retry: 'when-fixed',
    advice:
      'The phone challenges NOTIFY with a password the agent does not hold; set it on the phone.',
  },
  'download-stalled': {
    class: 'transport',
    retry: 'next-opening',
    advice: 'Check the switch port and cabling of this phone.',
  },
  'phone-refused-image': {
    class: 'incompatible',
    retry: 'never',
    advice:
      'Compare model and hardware revision with the release; the phone would not take this image.',
  },
  'phone-silent-after-restart': {
    class: 'lost',
    retry: 'next-opening',
    advice: 'Look at the phone: it took the image and has not come back.',
  },
  'phone-came-back-old': {
    class: 'unknown',
    retry: 'next-opening',
    advice: 'The phone restarted on its earlier version; read its local log for the reason.',
  },
  'phone-not-registered': {
    class: 'unknown',
    retry: 'never',
    advice:
      'Look why this phone does not register: it shows the new version. Done follows by itself once it is registered.',
  },
  'version-incomparable': {
    class: 'incompatible',
    retry: 'never',
    advice: 'Decide by hand: the running version cannot be ordered against the release.',
  },
  'no-upgrade-path': {
    class: 'incompatible',
    retry: 'never',
    advice: 'Import the missing stepping stone, or choose a release this phone can reach.',
  },
  'pair-parted': {
    class: 'policy-blocked',
    retry: 'when-fixed',
    advice: 'Mend the other phone of the pair, then bring both in a rollout of their own.',
  },
  'model-differs': {
    class: 'incompatible',
    retry: 'never',
    advice: 'Correct the model in the inventory: the phone itself says something else.',
  },
  'plan-signature-wrong': {
    class: 'integrity',
    retry: 'never',
    advice: 'Treat as a security event: someone sent a plan that the controller did not sign.',
  },
  'plan-audience-wrong': {
    class: 'integrity',
    retry: 'never',
    advice: 'Treat as a security event: a plan for another site was sent to this one.',
  },
  'plan-generation-old': {
    class: 'transport',
    retry: 'never',
    advice: 'Nothing to do unless it repeats: an older plan was delivered late.',
  },
  'plan-expired': {
    class: 'policy-blocked',
    retry: 'never',
    advice: 'Check the clocks of controller and agent.',
  },
  'plan-malformed': {
    class: 'incompatible',
    retry: 'never',
    advice: 'Check that controller and agent versions fit together.',
  },
  'clock-wrong': {
    class: 'policy-blocked',
    retry: 'when-fixed',
    advice: 'Set the clock of the box (NTP): no phone is started until it is right.',
  },
} as const satisfies Record<string, ClassedRule>;

export type FaultCode = keyof typeof FAULTS;
export const FAULT_CODES = Object.keys(FAULTS) as FaultCode[];

export const classOf = (fault: FaultCode): FaultClass => FAULTS[fault].class;

/** Whether a phone that ended with this fault counts among a gate's failures; without a fault it does. */
export const countsInGate = (fault: FaultCode | undefined): boolean =>
  fault === undefined || CLASS_RULES[classOf(fault)].countsInGate;
