/**
 * The tag of an image reference: web:1.2 -> 1.2, registry:5000/web -> latest, web@sha256:... -> '' (a digest needs no tag).
 * The last colon after the last slash starts the tag; an earlier one belongs to the registry's port.
 */
export function imageTag(image: string): string {
  const at = image.indexOf('@')
  const name = at < 0 ? image : image.slice(0, at)
  const colon = name.indexOf(':', name.lastIndexOf('/') + 1)
  if (colon >= 0) return name.slice(colon + 1)
  return at < 0 ? 'latest' : ''
}

/** An image that may change under its name is looked up each time. */
export function defaultPullPolicy(image: string): 'Always' | 'IfNotPresent' {
  return imageTag(image) === 'latest' ? 'Always' : 'IfNotPresent'
}
