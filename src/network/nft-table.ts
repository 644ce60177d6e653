import type { Elements } from './service-elements.ts'
import { SLOTS } from './slots.ts'

export interface TableConfig {
  /** Name of the table: lotse-default. */
  readonly table: string
  readonly podCidr: string
  readonly serviceCidr: string
}

/** Written in one transaction with what it replaces; elements come in the same or in later scripts. */
export function createTableScript(config: TableConfig): string {
  return `table ip ${config.table} {}\ndelete table ip ${config.table}\ntable ip ${config.table} {\n${containers()}\n${chains(config)}\n}\n`
}

export function deleteTableScript(table: string): string {
  return `table ip ${table} {}\ndelete table ip ${table}\n`
}

const ADDRESS_KEY = 'ip daddr . meta l4proto . th dport'
const NODE_PORT_KEY = 'meta l4proto . th dport'

/** How the slot of a packet is found; typeof needs the same words in the map and in the rule. */
const SLOT_OF = {
  one: '',
  dozen: ` . numgen random mod ${SLOTS.dozen}`,
  many: ` . numgen random mod ${SLOTS.many}`,
  sticky: ` . jhash ip saddr mod ${SLOTS.sticky}`,
} as const

const CLASSES = ['one', 'dozen', 'many', 'sticky'] as const

function containers(): string {
  const maps = CLASSES.flatMap((slotClass) => [
    `  map ${slotClass} { typeof ${ADDRESS_KEY}${SLOT_OF[slotClass]} : ip daddr . th dport; }`,
    `  map node-${slotClass} { typeof ${NODE_PORT_KEY}${SLOT_OF[slotClass]} : ip daddr . th dport; }`,
  ])
  const sets = [
    `  set refused { typeof ${ADDRESS_KEY}; }`,
    `  set node-refused { typeof ${NODE_PORT_KEY}; }`,
    `  set node-masquerade { typeof ${NODE_PORT_KEY}; }`,
    '  set hairpin { typeof ip saddr . ip daddr; }',
  ]
  return [...maps, ...sets].join('\n')
}

/** A bit of the packet mark that no one else uses here (portmap has 0x2000): the source is to be replaced. */
const MASQUERADE_MARK = '0x4000'

function chains({ podCidr, serviceCidr }: TableConfig): string {
  const translate = CLASSES.map((slotClass) => `    dnat ip to ${ADDRESS_KEY}${SLOT_OF[slotClass]} map @${slotClass}`)
  const translateNodePort = CLASSES.map((slotClass) => `    dnat ip to ${NODE_PORT_KEY}${SLOT_OF[slotClass]} map @node-${slotClass}`)
  return `  chain services {
${translate.join('\n')}
    fib daddr type local jump node-ports
  }
  chain node-ports {
    ${NODE_PORT_KEY} @node-masquerade meta mark set meta mark | ${MASQUERADE_MARK}
${translateNodePort.join('\n')}
  }
  chain refuse {
    meta l4proto tcp reject with tcp reset
    reject
  }
  chain prerouting { type nat hook prerouting priority -100; policy accept; goto services; }
  chain output { type nat hook output priority -100; policy accept; goto services; }
  chain no-loopback-from-outside { type filter hook prerouting priority -300; policy accept; iif != lo ip daddr 127.0.0.0/8 drop; }
  chain forward-refused {
    type filter hook forward priority 0; policy accept;
    ip daddr ${serviceCidr} jump refuse
    ${ADDRESS_KEY} @refused jump refuse
  }
  chain output-refused {
    type filter hook output priority 0; policy accept;
    ip daddr ${serviceCidr} jump refuse
    ${ADDRESS_KEY} @refused jump refuse
  }
  chain input-refused { type filter hook input priority 0; policy accept; ct state new ${NODE_PORT_KEY} @node-refused jump refuse; }
  chain postrouting {
    type nat hook postrouting priority 100; policy accept;
    ip saddr . ip daddr @hairpin masquerade
    ip saddr 127.0.0.0/8 ip daddr != 127.0.0.0/8 masquerade
    meta mark & ${MASQUERADE_MARK} != 0 masquerade
    ip saddr ${podCidr} ip daddr != ${podCidr} masquerade
  }`
}

/** Elements to take away and to add; a key whose value changes is taken away and added in the same transaction. */
export interface ElementChanges {
  readonly removed: Elements
  readonly added: Elements
}

/** '' when nothing changes. */
export function changeScript(table: string, changes: ElementChanges): string {
  const lines: string[] = []
  for (const [container, elements] of changes.removed) {
    lines.push(`delete element ip ${table} ${container} { ${[...elements.keys()].join(', ')} }`)
  }
  for (const [container, elements] of changes.added) {
    const texts = [...elements].map(([key, value]) => (value === '' ? key : `${key} : ${value}`))
    lines.push(`add element ip ${table} ${container} { ${texts.join(', ')} }`)
  }
  return lines.length === 0 ? '' : `${lines.join('\n')}\n`
}
