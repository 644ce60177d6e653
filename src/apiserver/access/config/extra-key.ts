import { invalidValue, required, type FieldError } from '../../../objects/field-error.ts'
import { dnsSubdomainErrors } from '../../../objects/names.ts'

const PATH = /^[A-Za-z0-9/\-._~%!$&'()*+,;=:]+$/
const RESERVED = ['kubernetes.io', 'k8s.io']

/** example.org/tenant: who uses a key says by its domain whose it is. */
export function checkExtraKey(field: string, key: string, errors: FieldError[]): void {
  const wrong = (why: string): void => void errors.push(invalidValue(field, key, why))
  if (key === '') return void errors.push(required(field))
  const slash = key.indexOf('/')
  const [domain, path] = slash === -1 ? ['', ''] : [key.slice(0, slash), key.slice(slash + 1)]
  if (domain === '') return wrong('must be a domain-prefixed path (such as "acme.io/foo")')
  for (const why of dnsSubdomainErrors(domain)) wrong(why)
  if (path === '') errors.push(required(field, 'must be a domain-prefixed path (such as "acme.io/foo")'))
  else if (!PATH.test(path)) wrong('Invalid path')
  if (key !== key.toLowerCase()) wrong('must be lowercase')
  if (RESERVED.some((reserved) => domain === reserved || domain.endsWith(`.${reserved}`))) {
    wrong('k8s.io, kubernetes.io and their subdomains are reserved for Kubernetes use')
  }
}
