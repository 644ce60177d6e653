/**
 * Deals a hand of different queues to a flow: as with cards, and always the same ones to the same flow. Two flows share all of their
 * queues very seldom, so one that floods its own leaves nearly everybody a queue without a flood (KEP-1040, shuffle sharding).
 */
export function dealHand(seed: readonly [number, number], queues: number, handSize: number): readonly number[] {
  const size = Math.min(handSize, queues)
  const hand: number[] = []
  let state = seed[0]
  for (let dealt = 0; dealt < size; dealt++) {
    state = mix(state ^ Math.imul(seed[1], dealt + 1) ^ dealt)
    // The position among the cards that are left; each smaller card that was dealt before moves it up by one.
    let card = state % (queues - dealt)
    const before = hand.toSorted((a, b) => a - b)
    for (const other of before) if (card >= other) card++
    hand.push(card)
  }
  return hand
}

/** Two independent hashes of 32 bits of a flow's name: its schema and what distinguishes it there. */
export function flowSeed(schema: string, distinguisher: string): readonly [number, number] {
  const text = `${schema}\0${distinguisher}`
  let first = 0x811c9dc5
  let second = 0x9747b28c
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index)
    first = Math.imul(first ^ code, 0x01000193)
    second = Math.imul(second ^ code, 0x85ebca6b) ^ (second >>> 13)
  }
  return [mix(first), mix(second)]
}

/** The finalizer of MurmurHash3: every bit of the input changes half of the output's. */
function mix(value: number): number {
  let bits = value
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b)
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35)
  return (bits ^ (bits >>> 16)) >>> 0
}
