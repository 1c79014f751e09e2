import { pbkdf2Sync } from 'node:crypto';
import { ROOT } from '@ringwave/protocol/topics';

// The configuration of a mosquitto that serves as the wire. Tests run on this very text.

/** Has an underscore, which no site id has, so that no site can take the controller's login. */
export const controllerLogin = 'ringwave_controller';

/** Each agent writes below its own `up` and reads its own `dn` and that of all; nothing else is visible. */
export const mosquittoAcl = (): string =>
  [
    `user ${controllerLogin}`,
    `topic read ${ROOT}/up/#`,
    `topic write ${ROOT}/dn/#`,
    '',
    `pattern write ${ROOT}/up/+/%u/#`,
    `pattern read ${ROOT}/dn/%u/#`,
    `pattern read ${ROOT}/dn/all/#`,
    '',
  ].join('\n');

/**
 * mosquitto.conf (2.0). `use_username_as_clientid` makes client id = login, so that the take-over of a
 * connection needs the site's own password. The size limit is that of the embedded broker, 256 KiB.
 */
export const mosquittoConf = (from: {
  readonly listen: string;
  readonly passwordFile: string;
  readonly aclFile: string;
  readonly tls?: { readonly certFile: string; readonly keyFile: string };
}): string =>
  [
    `listener ${from.listen}`,
    ...(from.tls ? [`certfile ${from.tls.certFile}`, `keyfile ${from.tls.keyFile}`] : []),
    'allow_anonymous false',
    'use_username_as_clientid true',
    `password_file ${from.passwordFile}`,
    `acl_file ${from.aclFile}`,
    'persistence false',
    'retain_available false',
    `message_size_limit ${256 * 1024}`,
    'max_queued_messages 1000',
    '',
  ].join('\n');

/**
 * One line of mosquitto's password file, as `mosquitto_passwd` writes it (scheme 7: PBKDF2 with
 * HMAC-SHA-512, 101 rounds, enough for the 192 random bits of an agent's password). `salt`: 12 random bytes.
 */
export function mosquittoPasswordLine(from: {
  readonly login: string;
  readonly password: string;
  readonly salt: Buffer;
}): string {
  const rounds = 101;
  const hash = pbkdf2Sync(from.password, from.salt, rounds, 64, 'sha512');
  return `${from.login}:$7$${rounds}$${from.salt.toString('base64')}$${hash.toString('base64')}\n`;
}
