/** Processor architectures as image configurations name them. */
export type Architecture = 'amd64' | 'arm64'

/**
 * A whole Linux program that holds a pod's namespaces: it ignores SIGCHLD (so that the kernel reaps the orphans of a shared
 * process namespace) and then waits for ever. The runtime ends it with SIGKILL. Written as machine code, because a
 * user's machine has no compiler, and so that the image is the same on every machine.
 */
export function pauseProgram(architecture: Architecture): Uint8Array {
  const code = architecture === 'amd64' ? AMD64_CODE : arm64Code()
  return elfProgram(architecture, [...code, ...IGNORE_ACTION])
}

/** struct sigaction of the kernel: handler SIG_IGN (1), flags, restorer, mask. */
const IGNORE_ACTION = [1, ...Array.from({ length: 31 }, () => 0)]

const AMD64_CODE = [
  0x6a, 0x11, 0x5f, // push 17; pop rdi               SIGCHLD
  0x48, 0x8d, 0x35, 0x16, 0, 0, 0, // lea rsi, [rip+22]  the action, at byte 32
  0x31, 0xd2, // xor edx, edx                         no old action
  0x6a, 0x08, 0x41, 0x5a, // push 8; pop r10          size of the mask
  0x6a, 0x0d, 0x58, // push 13; pop rax               rt_sigaction
  0x0f, 0x05, // syscall
  0x6a, 0x22, 0x58, // again: push 34; pop rax        pause
  0x0f, 0x05, // syscall
  0xeb, 0xf9, // jmp again
  0x90, 0x90, 0x90, 0x90, // up to byte 32
]

/** Fourteen instructions; the action follows at byte 56. */
function arm64Code(): number[] {
  const instructions = [
    0xd2800220, // mov x0, 17      SIGCHLD
    0x100001a1, // adr x1, +52     the action
    0xd2800002, // mov x2, 0       no old action
    0xd2800103, // mov x3, 8       size of the mask
    0xd28010c8, // mov x8, 134     rt_sigaction
    0xd4000001, // svc 0
    0xd2800000, // again: mov x0, 0
    0xd2800001, // mov x1, 0
    0xd2800002, // mov x2, 0
    0xd2800003, // mov x3, 0
    0xd2800004, // mov x4, 0
    0xd2800928, // mov x8, 73      ppoll of nothing, without an end (arm64 has no pause)
    0xd4000001, // svc 0
    0x17fffff9, // b again
  ]
  return instructions.flatMap((word) => [word & 0xff, (word >>> 8) & 0xff, (word >>> 16) & 0xff, word >>> 24])
}

const HEADER_BYTES = 64
const PROGRAM_HEADER_BYTES = 56
const LOAD_ADDRESS = 0x400000n

/** An ELF file of one segment, which is the file itself (see elf(5)). */
function elfProgram(architecture: Architecture, code: readonly number[]): Uint8Array {
  const start = HEADER_BYTES + PROGRAM_HEADER_BYTES
  const size = start + code.length
  const bytes = new Uint8Array(size)
  const view = new DataView(bytes.buffer)
  bytes.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]) // magic, 64 bits, little endian, version 1
  view.setUint16(16, 2, true) // an executable
  view.setUint16(18, architecture === 'amd64' ? 62 : 183, true)
  view.setUint32(20, 1, true)
  view.setBigUint64(24, LOAD_ADDRESS + BigInt(start), true) // entry point
  view.setBigUint64(32, BigInt(HEADER_BYTES), true) // where the program header is
  view.setUint16(52, HEADER_BYTES, true)
  view.setUint16(54, PROGRAM_HEADER_BYTES, true)
  view.setUint16(56, 1, true) // one program header
  view.setUint32(64, 1, true) // to be loaded
  view.setUint32(68, 5, true) // read and execute
  view.setBigUint64(80, LOAD_ADDRESS, true)
  view.setBigUint64(88, LOAD_ADDRESS, true)
  view.setBigUint64(96, BigInt(size), true)
  view.setBigUint64(104, BigInt(size), true)
  view.setBigUint64(112, 0x10000n, true) // alignment: the largest page size
  bytes.set(code, start)
  return bytes
}
