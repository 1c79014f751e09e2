// Sixteen units square, drawn in the colour of the text; each shape is told apart without colour.

export const SHAPES = {
  ring: 'M8 2.5a5.5 5.5 0 1 0 0 11a5.5 5.5 0 0 0 0-11',
  clock: 'M8 2.5a5.5 5.5 0 1 0 0 11a5.5 5.5 0 0 0 0-11M8 5v3l2 1.5',
  box: 'M3 5.5 8 3l5 2.5v5L8 13l-5-2.5zM3 5.5 8 8l5-2.5M8 8v5',
  bell: 'M4 11h8l-1-1.5V7a3 3 0 0 0-6 0v2.5zM7 13.5h2',
  down: 'M8 2.5v8M4.5 7 8 10.5 11.5 7M3 13.5h10',
  turn: 'M12.5 8.5A4.6 4.6 0 1 1 11 4.8l1.5 1.2M12.8 2.6V6H9.4',
  lens: 'M7 3a4 4 0 1 0 0 8a4 4 0 0 0 0-8M10 10l3.5 3.5',
  check: 'M3 8.5 6.5 12 13 4.5',
  bars: 'M5.5 3.5v9M10.5 3.5v9',
  skip: 'M3.5 4 9 8l-5.5 4zM12 4v8',
  cross: 'M4 4l8 8M12 4l-8 8',
  back: 'M5.5 3 2.5 6l3 3M2.5 6H10a3.5 3.5 0 0 1 0 7H6',
  slash: 'M8 2.5a5.5 5.5 0 1 0 0 11a5.5 5.5 0 0 0 0-11M4.2 4.2l7.6 7.6',
  lock: 'M4.5 7.5h7v5.5h-7zM6 7.5v-2a2 2 0 0 1 4 0v2',
  play: 'M5 3.5 12 8l-7 4.5z',
  glass: 'M4.5 3h7M4.5 13h7M5.5 3v2L8 8l2.5-3V3M5.5 13v-2L8 8l2.5 3v2',
  stop: 'M5.7 2.5h4.6l3.2 3.2v4.6l-3.2 3.2H5.7l-3.2-3.2V5.7zM8 5v3.6M8 11v.1',
  dot: 'M8 5.5a2.5 2.5 0 1 0 0 5a2.5 2.5 0 0 0 0-5',
  dashes: 'M6 3h4M13 6v4M10 13H6M3 10V6',
} as const;

export type IconName = keyof typeof SHAPES;

export const FILLED: readonly IconName[] = ['dot', 'play'];
