import { BlockList, isIP } from 'node:net';
import { plainAddress } from './file-source.ts';

/** Networks named for one site; a branch has a handful of voice VLANs. */
export const networksMax = 64;

/** Where the phones of a site are. Who asks from elsewhere gets no answer, not even a refusal. */
export class PhoneNetworks {
  readonly #list = new BlockList();

  /** `10.20.0.0/16`, `2001:db8::/64` or one address; undefined where one of them is neither. */
  static read(texts: readonly string[]): PhoneNetworks | undefined {
    if (texts.length === 0 || texts.length > networksMax) return undefined;
    const networks = new PhoneNetworks();
    return texts.every((text) => networks.#add(text)) ? networks : undefined;
  }

  #add(text: string): boolean {
    const [address = '', prefix, ...more] = text.split('/');
    const family = isIP(address);
    const most = family === 4 ? 32 : 128;
    const bits = prefix === undefined ? most : /^\d{1,3}$/.test(prefix) ? Number(prefix) : Infinity;
    if (family === 0 || more.length > 0 || bits > most) return false;
    this.#list.addSubnet(address, bits, family === 4 ? 'ipv4' : 'ipv6');
    return true;
  }

  /** The box itself always may: `ringwave-agent doctor` asks from there. */
  has(address: string): boolean {
    const plain = plainAddress(address);
    if (plain === '::1' || plain.startsWith('127.')) return true;
    const family = isIP(plain);
    return family !== 0 && this.#list.check(plain, family === 4 ? 'ipv4' : 'ipv6');
  }
}
