import { CliFault } from './cli-fault.ts';

export interface Listen {
  readonly host: string;
  readonly port: number;
}

/** `HOST:PORT`, with an IPv6 host in brackets. */
export function listenFrom(flag: string, text: string): Listen {
  const [, ipv6, name, port] = /^(?:\[([\da-f:.]+)\]|([^:\s[\]]+)):(\d{1,5})$/i.exec(text) ?? [];
  const host = ipv6 ?? name;
  if (!host || Number(port) > 65_535) {
    throw new CliFault({
      what: `cannot read ${flag} ${text}`,
      why: 'it is not of the form HOST:PORT',
      next: `Write for example ${flag} 127.0.0.1:0`,
    });
  }
  return { host, port: Number(port) };
}
