import { test } from 'tap';
import { contentOf } from '../../../agent/io/tftp-content.ts';

test('an image that cannot be read as text is let go of, as each holds a file open', async (t) => {
  let released = 0;
  const image = {
    kind: 'image',
    etag: 'on a broken disk',
    lengthBytes: 5,
    read: () => Promise.reject(new Error('EIO')),
    release: () => void (released += 1),
  } as const;
  await t.rejects(contentOf(image, 'netascii'), { message: 'EIO' });
  t.equal(released, 1);
  const content = await contentOf({ ...image, read: () => Buffer.from('a\nb\rc') }, 'netascii');
  t.equal(String(await content?.image.read(0, 7)), 'a\r\nb\r\0c', 'and is read anew the next time');
  t.equal(released, 1);
});
