import type { Integer } from '../../../objects/json.ts'
import { forbiddenField, invalidValue, notSupported, required } from '../../../objects/field-error.ts'
import { httpHeaderNameErrors } from '../../../objects/names.ts'
import type { Errors } from '../../field-checks.ts'
import { checkNotNegative, checkPort, checkPortNumber } from '../../field-checks.ts'
import type { Container, HTTPGetAction, LifecycleHandler, Probe } from '../../generated/types.ts'

type Handler = LifecycleHandler & Pick<Probe, 'grpc'>
const HANDLERS = ['exec', 'httpGet', 'tcpSocket', 'grpc', 'sleep'] as const

/** Probes and hooks of a container that may have them. */
export function checkProbesAndHooks(errors: Errors, path: string, container: Container, graceSeconds: Integer | undefined): void {
  const { lifecycle, livenessProbe, readinessProbe, startupProbe } = container
  if (lifecycle?.postStart !== undefined) checkHandler(errors, `${path}.lifecycle.postStart`, lifecycle.postStart, graceSeconds)
  if (lifecycle?.preStop !== undefined) checkHandler(errors, `${path}.lifecycle.preStop`, lifecycle.preStop, graceSeconds)
  if (livenessProbe !== undefined) {
    checkProbe(errors, `${path}.livenessProbe`, livenessProbe)
    checkOneSuccess(errors, `${path}.livenessProbe`, livenessProbe)
  }
  if (readinessProbe !== undefined) {
    checkProbe(errors, `${path}.readinessProbe`, readinessProbe)
    const seconds = readinessProbe.terminationGracePeriodSeconds
    if (seconds !== undefined) {
      errors.push(invalidValue(`${path}.readinessProbe.terminationGracePeriodSeconds`, seconds, 'must not be set for readinessProbes'))
    }
  }
  if (startupProbe !== undefined) {
    checkProbe(errors, `${path}.startupProbe`, startupProbe)
    checkOneSuccess(errors, `${path}.startupProbe`, startupProbe)
  }
}

/** What has succeeded once is alive, and has started. */
function checkOneSuccess(errors: Errors, path: string, { successThreshold }: Probe): void {
  if (successThreshold !== 1) errors.push(invalidValue(`${path}.successThreshold`, successThreshold ?? 0, 'must be 1'))
}

function checkProbe(errors: Errors, path: string, probe: Probe): void {
  checkHandler(errors, path, probe, undefined)
  checkNotNegative(errors, path, 'initialDelaySeconds', probe.initialDelaySeconds)
  checkNotNegative(errors, path, 'timeoutSeconds', probe.timeoutSeconds)
  checkNotNegative(errors, path, 'periodSeconds', probe.periodSeconds)
  checkNotNegative(errors, path, 'successThreshold', probe.successThreshold)
  checkNotNegative(errors, path, 'failureThreshold', probe.failureThreshold)
  const seconds = probe.terminationGracePeriodSeconds
  if (seconds !== undefined && seconds <= 0) {
    errors.push(invalidValue(`${path}.terminationGracePeriodSeconds`, seconds, 'must be greater than 0'))
  }
}

function checkHandler(errors: Errors, path: string, handler: Handler, graceSeconds: Integer | undefined): void {
  let found = false
  for (const type of HANDLERS) {
    if (handler[type] === undefined) continue
    if (found) errors.push(forbiddenField(`${path}.${type}`, 'may not specify more than 1 handler type'))
    else checkAction(errors, `${path}.${type}`, handler, type, graceSeconds)
    found = true
  }
  if (!found) errors.push(required(path, 'must specify a handler type'))
}

function checkAction(
  errors: Errors,
  path: string,
  handler: Handler,
  type: (typeof HANDLERS)[number],
  graceSeconds: Integer | undefined
): void {
  switch (type) {
    case 'exec':
      if ((handler.exec?.command ?? []).length === 0) errors.push(required(`${path}.command`))
      break
    case 'httpGet':
      if (handler.httpGet !== undefined) checkHttpGet(errors, path, handler.httpGet)
      break
    case 'tcpSocket':
      checkPort(errors, path, 'port', handler.tcpSocket?.port)
      break
    case 'grpc':
      checkPortNumber(errors, path, 'port', handler.grpc?.port)
      break
    case 'sleep':
      checkSleep(errors, path, handler.sleep?.seconds ?? 0, graceSeconds)
      break
  }
}

function checkHttpGet(errors: Errors, path: string, { path: urlPath, port, scheme, httpHeaders }: HTTPGetAction): void {
  if (urlPath === undefined || urlPath === '') errors.push(required(`${path}.path`))
  checkPort(errors, path, 'port', port)
  if (scheme !== 'HTTP' && scheme !== 'HTTPS') errors.push(notSupported(`${path}.scheme`, scheme ?? '', ['HTTP', 'HTTPS']))
  for (const { name = '' } of httpHeaders ?? []) {
    for (const problem of httpHeaderNameErrors(name)) errors.push(invalidValue(`${path}.httpHeaders`, name, problem))
  }
}

function checkSleep(errors: Errors, path: string, seconds: Integer, graceSeconds: Integer | undefined): void {
  if (graceSeconds === undefined || (seconds > 0 && seconds <= graceSeconds)) return
  const detail = `must be greater than 0 and less than terminationGracePeriodSeconds (${graceSeconds}). `
    + 'Enable AllowPodLifecycleSleepActionZeroValue feature gate for zero sleep.'
  errors.push(invalidValue(path, seconds, detail))
}
