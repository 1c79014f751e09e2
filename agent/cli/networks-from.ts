import { CliFault } from '@ringwave/runtime/cli-fault';
import { PhoneNetworks } from '../io/phone-networks.ts';

/** What `--phones-from` says: networks with commas between them. */
export function networksFrom(text: string): PhoneNetworks {
  const networks = PhoneNetworks.read(text.split(','));
  if (networks) return networks;
  throw new CliFault({
    what: `cannot read --phones-from ${text}`,
    why: 'it is not a list of networks with commas between them',
    next: 'Write for example --phones-from 10.20.0.0/16,10.21.4.0/24',
  });
}
