import { test } from 'tap';
import { HttpSources } from '../../../agent/io/http-sources.ts';

test('an address that did nothing which counts is forgotten with its last connection', (t) => {
  const sources = new HttpSources(100);
  sources.entered('10.0.0.1');
  sources.entered('10.0.0.1');
  sources.left('10.0.0.1');
  t.equal(sources.at('10.0.0.1')?.open, 1);
  sources.left('10.0.0.1');
  t.equal(sources.size, 0);
  t.end();
});

test('an address that guessed is known again when it comes back', (t) => {
  const sources = new HttpSources(undefined);
  sources.entered('10.0.0.1');
  for (let guess = 0; guess < 9; guess += 1) sources.at('10.0.0.1')?.failedLogins.owe();
  sources.left('10.0.0.1');
  sources.entered('10.0.0.1');
  t.equal(sources.at('10.0.0.1')?.failedLogins.isSpent(), true);
  t.end();
});

test('of addresses that left 4096 are kept, and who left first is forgotten first', (t) => {
  const sources = new HttpSources(undefined);
  const visit = (address: string) => {
    sources.entered(address);
    sources.at(address)?.failedLogins.owe();
    sources.left(address);
  };
  sources.entered('10.0.0.1');
  for (let place = 0; place < 5000; place += 1) visit(`address ${place}`);
  t.equal(sources.size, 4097);
  t.equal(sources.at('address 0'), undefined);
  t.equal(sources.at('10.0.0.1')?.open, 1, 'who is here stays');
  t.end();
});
