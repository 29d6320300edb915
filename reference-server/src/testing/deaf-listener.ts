import type { LinkListener } from "../store/redis/link.ts";

const nothing = (): void => {};

/** Hears of everything and does nothing: tests put what they look at in its place. */
export const deafListener: LinkListener = {
  changed: nothing,
  appChanged: nothing,
  asked: nothing,
  answered: nothing,
  clockBack: nothing,
  interrupted: nothing,
  resumed: nothing,
};
