import { buildImage } from './oci-image.ts'
import type { OciImage } from './oci-image.ts'
import { pauseProgram } from './pause-program.ts'
import type { Architecture } from './pause-program.ts'

/** A name that no registry can answer for: the image is always imported, never pulled. */
export const PAUSE_IMAGE = 'lotse.local/pause:1'

/** The image whose one program holds the namespaces of a pod. */
export function pauseImage(architecture: Architecture): OciImage {
  return buildImage(architecture, { entrypoint: ['/pause'], user: '65535:65535' }, [
    [{ type: 'file', path: 'pause', mode: 0o755, content: pauseProgram(architecture) }],
  ])
}
