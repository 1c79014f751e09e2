import { test } from 'tap';
import { readPhonesConfig } from '../../../simulator/core/phones-config.ts';

const config = (phone: object) =>
  JSON.stringify({
    seed: 1,
    sipPort: 0,
    sites: [
      {
        agent: { host: '127.0.0.1', httpPort: 80, tftpPort: 69 },
        phones: [
          {
            mac: '00:a8:59:00:00:01',
            vendor: 'Fanvil',
            model: 'X4',
            version: '2.12.4.1',
            localAddress: '127.66.1.1',
            ...phone,
          },
        ],
      },
    ],
  });

test('phones of every vendor of the catalogue can be played, served or not', (t) => {
  t.hasOwnProp(readPhonesConfig(config({})), 'value');
  t.hasOwnProp(readPhonesConfig(config({ prefers: 'tftp', hidesMac: true })), 'value');
  t.match(readPhonesConfig(config({ vendor: 'Acme' })), {
    problems: [
      {
        path: 'sites[0].phones',
        reason: 'names Acme X4, of which the catalogue knows no line',
        nextStep: 'Name a vendor and a model as `ringwave catalog identify` spells them.',
      },
    ],
  });
  t.match(readPhonesConfig(config({ prefers: 'ftp' })), { problems: [{}] });
  t.end();
});
