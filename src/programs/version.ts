import packageJson from '../../package.json' with { type: 'json' }

export const LOTSE_VERSION: string = packageJson.version

/** The release of Kubernetes whose API is served, as clients compare it; what follows the plus says who serves it. */
export const KUBERNETES_VERSION = `v1.32.0+lotse.${LOTSE_VERSION}`
