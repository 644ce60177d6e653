import type { FieldError } from '../../objects/field-error.ts'
import { forbiddenField, invalidValue, required, tooLong } from '../../objects/field-error.ts'
import { byteLength, isLongerThan } from '../../words/bytes.ts'
import type { ResourceDefinition } from '../definition.ts'
import type { Errors } from '../field-checks.ts'
import { checkDnsSubdomain, IMMUTABLE, sameValue } from '../field-checks.ts'
import { kinds } from '../generated/kinds.ts'
import type { PersistentVolumeSpec, VolumeAttachment, VolumeAttachmentSource, VolumeAttachmentStatus } from '../generated/types.ts'
import { checkDriverName } from '../name-checks.ts'
import { keepAllButStatus, keepStatus, plainResource } from '../plain-resource.ts'
import { ageColumn, textColumn } from '../table.ts'
import { checkAccessModes } from './volume/access-modes.ts'
import { checkVolumeSources } from './volume/volume-sources.ts'

const MAX_METADATA_BYTES = 256 * 1024
const MAX_MESSAGE_BYTES = 1024
const EXACTLY_ONE = 'must specify exactly one of inlineVolumeSpec and persistentVolumeName'

function validate({ spec, status }: VolumeAttachment): FieldError[] {
  const errors: Errors = []
  checkDriverName(errors, 'spec', 'attacher', spec?.attacher)
  checkSource(errors, spec?.source ?? {})
  checkDnsSubdomain(errors, 'spec', 'nodeName', spec?.nodeName)
  checkStatus(errors, status ?? { attached: false })
  return errors
}

function checkSource(errors: Errors, { persistentVolumeName, inlineVolumeSpec }: VolumeAttachmentSource): void {
  const path = 'spec.source'
  if (persistentVolumeName === undefined && inlineVolumeSpec === undefined) errors.push(required(path, EXACTLY_ONE))
  else if (persistentVolumeName !== undefined && inlineVolumeSpec !== undefined) errors.push(forbiddenField(path, EXACTLY_ONE))
  else if (persistentVolumeName !== undefined) {
    if (persistentVolumeName === '') errors.push(required(`${path}.persistentVolumeName`, 'must specify non empty persistentVolumeName'))
    else checkDnsSubdomain(errors, path, 'persistentVolumeName', persistentVolumeName)
  } else if (inlineVolumeSpec !== undefined) checkInline(errors, `${path}.inlineVolumeSpec`, inlineVolumeSpec)
}

/** A volume of a pod that has no object of its own: only what the driver needs may be said. */
function checkInline(errors: Errors, path: string, spec: PersistentVolumeSpec): void {
  const forbid = (field: keyof PersistentVolumeSpec, what = 'may not be specified'): void => {
    errors.push(forbiddenField(`${path}.${field}`, `${what} in the context of inline volumes`))
  }
  const { accessModes = [], persistentVolumeReclaimPolicy: policy = 'Retain', storageClassName = '', volumeMode = 'Filesystem' } = spec
  if (spec.claimRef !== undefined) forbid('claimRef')
  if (Object.keys(spec.capacity ?? {}).length > 0) forbid('capacity')
  if (spec.csi === undefined) errors.push(required(`${path}.csi`, 'has to be specified in the context of inline volumes'))
  if (accessModes.length === 0) errors.push(required(`${path}.accessModes`))
  checkAccessModes(errors, `${path}.accessModes`, accessModes)
  if (policy !== 'Retain') forbid('persistentVolumeReclaimPolicy', 'may only be Retain')
  if (spec.nodeAffinity !== undefined) forbid('nodeAffinity')
  checkVolumeSources(errors, path, spec, '')
  if (storageClassName !== '') forbid('storageClassName')
  if (volumeMode !== 'Filesystem') forbid('volumeMode', 'may not specify volumeMode other than Filesystem')
}

function checkStatus(errors: Errors, status: VolumeAttachmentStatus): void {
  let size = 0
  for (const [key, value] of Object.entries(status.attachmentMetadata ?? {})) {
    size += byteLength(key, MAX_METADATA_BYTES) + byteLength(value, MAX_METADATA_BYTES)
  }
  if (size > MAX_METADATA_BYTES) errors.push(tooLong('status.attachmentMetadata', MAX_METADATA_BYTES))
  for (const field of ['attachError', 'detachError'] as const) {
    if (isLongerThan(status[field]?.message ?? '', MAX_MESSAGE_BYTES)) errors.push(tooLong(`status.${field}.message`, MAX_METADATA_BYTES))
  }
}

function validateUpdate(attachment: VolumeAttachment, old: VolumeAttachment): FieldError[] {
  const errors = validate(attachment)
  if (!sameValue(attachment.spec, old.spec)) errors.push(invalidValue('spec', attachment.spec, IMMUTABLE))
  return errors
}

export const volumeAttachments: ResourceDefinition<VolumeAttachment> = {
  ...plainResource,
  kind: kinds.VolumeAttachment,
  needsRevision: true,
  prepareForCreate(draft) {
    draft.status = { attached: false }
  },
  prepareForUpdate: keepStatus,
  validateCreate: validate,
  validateUpdate,
  columns: [
    textColumn('Attacher', 'The driver that attaches it.', ({ spec }) => spec.attacher),
    textColumn('PV', 'The volume.', ({ spec }) => spec.source.persistentVolumeName ?? ''),
    textColumn('Node', 'The node that gets it.', ({ spec }) => spec.nodeName),
    { ...textColumn('Attached', 'Whether it is there.', ({ status }) => status?.attached ?? false), type: 'boolean' },
    ageColumn,
  ],
  status: { prepareForUpdate: keepAllButStatus, validateUpdate },
}
