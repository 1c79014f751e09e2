import { grandstream } from '@ringwave/firmware-catalog/vendors/grandstream';
import type { Mac } from '@ringwave/protocol/units';
import { test } from 'tap';

const mac = '00:0b:82:01:02:ab' as Mac;
const phone = { mac, model: 'GXP2170' };
const agent = { host: '192.0.2.7', httpPort: 8080, tftpPort: 6969 };

test('a Grandstream image that TFTP cannot number in blocks of 512 bytes is named over HTTP', (t) => {
  const url = (lengthBytes?: number) => {
    const image = { version: '1.0.11.57', folder: 'fw/r', fileName: 'gxp2170fw.bin' };
    const firmware = { ...image, ...(lengthBytes === undefined ? {} : { lengthBytes }) };
    const { body } = grandstream.renderPhoneConfig({ ...phone, agent, firmware }, '');
    return grandstream.readConfig(body, phone).firmware?.url;
  };
  const overTftp = 'tftp://192.0.2.7:6969/fw/r/gxp2170fw.bin';
  t.equal(url(), overTftp);
  t.equal(url(65_535 * 512 - 1), overTftp, 'the last of 65535 blocks is short, and ends it');
  t.equal(url(65_535 * 512), 'http://192.0.2.7:8080/fw/r/gxp2170fw.bin');
  t.equal(url(670 * 1024 ** 2), 'http://192.0.2.7:8080/fw/r/gxp2170fw.bin');
  t.end();
});
