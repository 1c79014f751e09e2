// A phone without a server, for a machine made by the test: asks the group for its profile and prints what it hears, one
// JSON line a packet. Takes its MAC.
import { createSocket } from 'node:dgram';
import { formatSip } from '../../../agent/core/sip/message.ts';

const group = '224.0.1.75';
const mac = (process.argv[2] ?? '').replaceAll(':', '');
const socket = createSocket('udp4');
socket.on('message', (bytes, from) => {
  process.stdout.write(`${JSON.stringify({ from: from.address, text: bytes.toString() })}\n`);
});
socket.bind(5059, () => {
  const packet = formatSip({
    opening: `SUBSCRIBE sip:MAC%3a${mac}@${group} SIP/2.0`,
    headers: [
      ['Via', 'SIP/2.0/UDP 10.77.0.2:5059;branch=z9hG4bK1'],
      ['From', `<sip:MAC%3a${mac}@${group}>;tag=1`],
      ['To', `<sip:MAC%3a${mac}@${group}>`],
      ['Call-ID', '1@phone'],
      ['CSeq', '1 SUBSCRIBE'],
      ['Contact', '<sip:10.77.0.2:5059>'],
      [
        'Event',
        'ua-profile;profile-type="device";vendor="Yealink";model="T46S";version="66.85.0.5"',
      ],
      ['Expires', '0'],
    ],
  });
  socket.send(packet, 5060, group);
});
