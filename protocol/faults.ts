/** What the world can do to us: when it is tried again, and what an operator does about it. */
export interface FaultRule {
  readonly retry: 'never' | 'with-backoff' | 'next-opening' | 'when-fixed';
  readonly advice: string;
}

export const FAULTS = {
  'image-digest-differs': {
    retry: 'never',
    advice: 'Import the release again: these bytes are not the ones the release names.',
  },
  'image-too-long': {
    retry: 'never',
    advice: 'Correct lengthBytes in the release manifest, then import it again.',
  },
  'image-unreachable': {
    retry: 'with-backoff',
    advice: 'Check the line between the site and the controller; the agent goes on by itself.',
  },
  'secret-asked-in-clear': {
    retry: 'when-fixed',
    advice:
      'Let this phone fetch its files over HTTPS; in clear it gets none that holds its login.',
  },
  'secret-asked-from-elsewhere': {
    retry: 'never',
    advice: 'Find the device at this address: it asks for the file of another phone.',
  },
  'secret-fetched-often': {
    retry: 'when-fixed',
    advice: 'Look whether a second device shows itself as this phone; then rotate its credential.',
  },
  'certificate-of-another': {
    retry: 'never',
    advice: 'Find the phone with this certificate: it asks for the file of another one.',
  },
  'macs-enumerated': {
    retry: 'never',
    advice: 'Find the device at this address: it tries MACs. It gets nothing for an hour.',
  },
  'decoy-asked': {
    retry: 'never',
    advice: 'Find the device at this address at once: nobody has a reason to ask for this MAC.',
  },
  'base-unusable': {
    retry: 'when-fixed',
    advice:
      'Look at the file or provisioning server named here; until then phones get what was good last.',
  },
  'rescue-served': {
    retry: 'never',
    advice:
      'Nothing to do if a technician is at work there; else end it: ringwave-agent rescue --end.',
  },
  'storage-full': { retry: 'when-fixed', advice: 'Free disk space on the box named here.' },
  'phone-never-asked': {
    retry: 'next-opening',
    advice: 'Check power, VLAN and the provisioning address of this phone.',
  },
  'phone-refused-wake': {
    retry: 'next-opening',
    advice: 'Let the phone accept check-sync from the agent, or restart it by hand in the opening.',
  },
  'phone-in-call': {
    retry: 'with-backoff',
    advice: 'Nothing to do: the phone is asked again when the call should be over.',
  },
  'phone-idle-unknown': {
    retry: 'with-backoff',
    advice:
      'Nobody can say that this phone is idle: name in the agent’s --pbx file who knows of calls.',
  },
  'phone-login-refused': {
    retry: 'when-fixed',
    advice:
      'The phone challenges NOTIFY with a password the agent does not hold; set it on the phone.',
  },
  'download-stalled': {
    retry: 'next-opening',
    advice: 'Check the switch port and cabling of this phone.',
  },
  'phone-refused-image': {
    retry: 'never',
    advice:
      'Compare model and hardware revision with the release; the phone would not take this image.',
  },
  'phone-silent-after-restart': {
    retry: 'next-opening',
    advice: 'Look at the phone: it took the image and has not come back.',
  },
  'phone-came-back-old': {
    retry: 'next-opening',
    advice: 'The phone restarted on its earlier version; read its local log for the reason.',
  },
  'version-incomparable': {
    retry: 'never',
    advice: 'Decide by hand: the running version cannot be ordered against the release.',
  },
  'no-upgrade-path': {
    retry: 'never',
    advice: 'Import the missing stepping stone, or choose a release this phone can reach.',
  },
  'model-differs': {
    retry: 'never',
    advice: 'Correct the model in the inventory: the phone itself says something else.',
  },
  'plan-signature-wrong': {
    retry: 'never',
    advice: 'Treat as a security event: someone sent a plan that the controller did not sign.',
  },
  'plan-audience-wrong': {
    retry: 'never',
    advice: 'Treat as a security event: a plan for another site was sent to this one.',
  },
  'plan-generation-old': {
    retry: 'never',
    advice: 'Nothing to do unless it repeats: an older plan was delivered late.',
  },
  'plan-expired': { retry: 'never', advice: 'Check the clocks of controller and agent.' },
  'plan-malformed': {
    retry: 'never',
    advice: 'Check that controller and agent versions fit together.',
  },
  'clock-wrong': {
    retry: 'when-fixed',
    advice: 'Set the clock of the box (NTP): no phone is started until it is right.',
  },
} as const satisfies Record<string, FaultRule>;

export type FaultCode = keyof typeof FAULTS;
export const FAULT_CODES = Object.keys(FAULTS) as FaultCode[];
