import { FILLED, type IconName, SHAPES } from './icon-shapes.ts';

export function Icon({ name }: { name: IconName }) {
  return (
    <svg className="icon" viewBox="0 0 16 16" aria-hidden="true" focusable="false">
      <path d={SHAPES[name]} fill={FILLED.includes(name) ? 'currentColor' : 'none'} />
    </svg>
  );
}
