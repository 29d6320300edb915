// Typed events. A listener that throws harms neither the client nor the other listeners.

/** Listens to one event. */
export type Listener<T> = (event: T) => void;

/** Hands events to listeners, in the order in which these were added. */
export interface Emitter<Events> {
  /** Adds a listener; the function returned removes it. */
  readonly on: <Name extends keyof Events>(name: Name, listener: Listener<Events[Name]>) => () => void;
  readonly emit: <Name extends keyof Events>(name: Name, event: Events[Name]) => void;
}

/** @param onFault told of what a listener threw */
export function createEmitter<Events>(onFault: (name: keyof Events, fault: unknown) => void): Emitter<Events> {
  const listeners = new Map<keyof Events, Set<{ readonly call: Listener<never> }>>();
  return {
    on: (name, listener) => {
      const entry = { call: listener as Listener<never> };
      const set = listeners.get(name) ?? new Set();
      listeners.set(name, set.add(entry));
      return () => {
        set.delete(entry);
      };
    },
    emit: (name, event) => {
      // A copy: listeners may add and remove listeners.
      for (const entry of [...(listeners.get(name) ?? [])]) {
        try {
          entry.call(event as never);
        } catch (fault) {
          onFault(name, fault);
        }
      }
    },
  };
}
