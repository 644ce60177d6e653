/** Makes something of an object when it is first asked for, and remembers it as long as the object lives. For objects that never change. */
export function oncePer<Of extends object, Made>(make: (of: Of) => Made): (of: Of) => Made {
  const known = new WeakMap<Of, { readonly made: Made }>()
  return (of) => {
    let entry = known.get(of)
    if (entry === undefined) known.set(of, (entry = { made: make(of) }))
    return entry.made
  }
}
