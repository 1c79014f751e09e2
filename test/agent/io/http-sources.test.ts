import { test } from 'tap';
import { phoneHttpLimits } from '../../../agent/io/http-door.ts';
import {
  HttpSources,
  mayGuess,
  mayRequest,
  oweGuess,
  type Source,
} from '../../../agent/io/http-sources.ts';

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

test('one host with many addresses of an IPv6 network guesses and asks no more than the network may', (t) => {
  const sources = new HttpSources(5);
  const visit = (act: (source: Source) => boolean, count: number, of = '2001:db8:0:7') => {
    let passed = 0;
    for (let host = 1; host <= count; host += 1) {
      const address = `${of}::${host.toString(16)}`;
      sources.entered(address);
      const source = sources.at(address);
      if (source && act(source)) passed += 1;
      sources.left(address);
    }
    return passed;
  };
  const passed = visit(mayRequest, 500);
  t.ok(passed >= 250 && passed < 300, `twice what 25 addresses may in a second: ${passed}`);
  t.equal(visit(mayRequest, 1, '2001:db8:0:8'), 1, 'another network has its own');
  t.equal(visit(mayRequest, 1, '10.0.0'), 1);
  const guess = (source: Source) => mayGuess(source) && (oweGuess(source), true);
  const guesses = visit(guess, 100);
  t.ok(guesses >= 40 && guesses < 60, `the same of guesses: ${guesses}`);
  t.equal(visit(guess, 1, '2001:db8:0:8'), 1);
  t.end();
});

test('who logged in before is not shut out by what others of its IPv6 network guess', (t) => {
  const sources = new HttpSources(undefined);
  const visit = <Seen>(host: number, act: (source: Source) => Seen): Seen => {
    const address = `2001:db8::${host.toString(16)}`;
    sources.entered(address);
    const seen = act(sources.at(address)!);
    sources.left(address);
    return seen;
  };
  const phone = 1;
  visit(phone, (source) => (source.hasLoggedIn = true));
  for (let host = 2; host < 60; host += 1) visit(host, oweGuess);
  t.notOk(visit(60, mayGuess));
  t.ok(visit(phone, mayGuess));
  for (let guess = 0; guess < 9; guess += 1) visit(phone, oweGuess);
  t.notOk(visit(phone, mayGuess), 'but by its own');
  t.end();
});

test('five hundred phones of one IPv6 network that boot at once have each of their files', (t) => {
  const { requestsPerSecond } = phoneHttpLimits;
  const sources = new HttpSources(requestsPerSecond);
  let passed = 0;
  for (let phone = 1; phone <= 500; phone += 1) {
    const address = `2001:db8::${phone.toString(16)}`;
    t.ok(sources.hasRoom(address, phoneHttpLimits));
    sources.entered(address);
    const source = sources.at(address);
    for (let file = 0; file < 10; file += 1) if (source && mayRequest(source)) passed += 1;
  }
  t.equal(passed, 5000);
  t.end();
});

test('an IPv6 network leaves a quarter of all connections to others, and an address its own', (t) => {
  const sources = new HttpSources(undefined);
  const limits = { connectionsMax: 16, connectionsPerSourceMax: 3 };
  const enter = (address: string): boolean => {
    const mayEnter = sources.hasRoom(address, limits);
    if (mayEnter) sources.entered(address);
    return mayEnter;
  };
  const entered = Array.from({ length: 20 }, (_, host) => enter(`2001:db8::${host + 1}`));
  t.equal(entered.filter(Boolean).length, 12);
  t.same(
    Array.from({ length: 4 }, () => enter('2001:db8:1::1')),
    [true, true, true, false],
  );
  t.equal(enter('10.0.0.1'), true);
  sources.left('2001:db8::1');
  t.equal(enter('2001:db8::ff'), true, 'what is left is free again');
  t.end();
});
