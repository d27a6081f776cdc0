// Stands in for a kernel's widget model in a page that has no kernel.

/** A model that remembers values and tells listeners of changes, and sends them nowhere. */
export function offlineModel(values) {
  const listeners = {};
  return {
    get: (name) => values[name],
    set(name, value) {
      if (values[name] === value) return;
      values[name] = value;
      for (const listener of [...(listeners[`change:${name}`] ?? [])]) listener();
    },
    on: (event, listener) => (listeners[event] ??= new Set()).add(listener),
    off: (event, listener) => listeners[event].delete(listener),
    save_changes() {},
  };
}
