import { readFileSync } from 'node:fs';
import { knowledgeOf } from '@ringwave/firmware-catalog/vendors/all';
import { CliFault } from '@ringwave/runtime/cli-fault';
import { boxAt, readGrant } from '../io/box.ts';
import { Keyring } from '../io/keyring.ts';
import { dropWebLogin, keepWebLogin, webLoginsIn, webLoginsMax } from '../io/web-logins.ts';

export interface WebLoginFlags {
  readonly data: string;
  readonly user?: string;
  readonly end?: boolean;
}

/** Keeps the administrator of one vendor's web pages, forgets it, or says of which vendors there is one. */
export function webLogin(vendor: string | undefined, flags: WebLoginFlags): void {
  const box = boxAt(flags.data);
  if (vendor === undefined) {
    const known = webLoginsIn(box.folder).map((one) => `${one.vendor} as ${one.user}\n`);
    process.stdout.write(known.join('') || 'none is kept\n');
    return;
  }
  if (flags.end === true) {
    if (!dropWebLogin(box.folder, vendor)) {
      const next = 'See which there are with: ringwave-agent web-login';
      throw new CliFault({ what: `no login of ${vendor} is kept`, next });
    }
    process.stdout.write(`the login of ${vendor} is forgotten\n`);
    return;
  }
  keep(box, vendor, flags);
}

function keep(box: ReturnType<typeof boxAt>, vendor: string, { user }: WebLoginFlags): void {
  const what = `cannot keep a login of ${vendor}`;
  const name = knowledgeOf(vendor)?.name;
  if (name === undefined) {
    const why = 'no such vendor is known';
    throw new CliFault({ what, why, next: 'Write it as docs/vendors.md does' });
  }
  const grant = readGrant(box);
  if (!grant) {
    const next = 'Enrol it with: ringwave-agent enroll TOKEN --controller URL';
    throw new CliFault({ what, why: 'this box is not enrolled', next });
  }
  // Never as an argument: those can be read by everybody on the box, and stay in histories.
  const [password = ''] = user === undefined ? [] : readFileSync(0, 'utf8').split(/\r?\n/, 1);
  if (user === undefined || password === '') {
    const why = user === undefined ? 'no user is named' : 'no password came';
    const next = `Write: ringwave-agent web-login ${name} --user admin < a file with the password`;
    throw new CliFault({ what, why, next });
  }
  const keyring = Keyring.open(box.keyFile, Buffer.from(grant.fingerprintKey, 'base64url'));
  if (!keepWebLogin(box.folder, { vendor: name, user, password }, keyring)) {
    const why = `${webLoginsMax} are kept`;
    throw new CliFault({
      what,
      why,
      next: 'Forget one with: ringwave-agent web-login VENDOR --end',
    });
  }
  process.stdout.write(`the login of ${user} opens the web pages of ${name} phones\n`);
}
