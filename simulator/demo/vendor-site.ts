import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import { Readable } from 'node:stream';
import type { DemoFleet } from '../core/demo-fleet.ts';
import { imagesOf } from '../core/demo-firmware.ts';
import { demoImage } from '../core/demo-image.ts';

/** What vendors publish, on loopback: a list of releases with their images, and a list of advisories. */
export interface VendorSite {
  readonly releases: string;
  readonly advisories: string;
  close(): void;
}

export async function openVendorSite(fleet: DemoFleet): Promise<VendorSite> {
  const images = fleet.releases.map(({ firmware }) => imagesOf(firmware));
  const documents = new Map<string, string>();
  const server = createServer((request, response) => {
    const [, , release, place] = (request.url ?? '').split('/');
    const image = images[Number(release)]?.[Number(place)];
    if (request.url?.startsWith('/images/') && image) {
      response.writeHead(200, { 'content-length': image.lengthBytes });
      return void Readable.from(demoImage(image)).pipe(response);
    }
    const body = documents.get(request.url ?? '');
    response.writeHead(body ? 200 : 404, { 'content-type': 'application/json' });
    return void response.end(body ?? '{}');
  });
  const url = `http://127.0.0.1:${await listening(server)}`;
  documents.set('/releases.json', JSON.stringify({ releases: manifestsOf(fleet, url) }));
  documents.set('/advisories.json', JSON.stringify({ advisories: [fleet.advisory] }));
  return {
    releases: `${url}/releases.json`,
    advisories: `${url}/advisories.json`,
    close: () => server.close(),
  };
}

const manifestsOf = (fleet: DemoFleet, url: string) =>
  fleet.releases.map(({ manifest }, release) => ({
    ...manifest,
    images: manifest.images.map((image, place) => ({
      ...image,
      url: `${url}/images/${release}/${place}`,
    })),
  }));

async function listening(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (typeof address !== 'object' || !address) throw new Error('the vendor site has no port');
  return address.port;
}
