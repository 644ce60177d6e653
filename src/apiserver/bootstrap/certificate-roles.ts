import type { PolicyRule } from '../../resources/generated/types.ts'
import { namedRule, rule } from './rule.ts'

const GROUP = 'certificates.k8s.io'
const PREFIX = 'system:certificates.k8s.io:'

function approver(signer: string): readonly PolicyRule[] {
  return [namedRule('approve', GROUP, 'signers', `kubernetes.io/${signer}`)]
}

/** For the nodes of the cluster, whose agents renew their certificates themselves. */
export const SELF_NODE_CLIENT_ROLE = `${PREFIX}certificatesigningrequests:selfnodeclient`
/** Upstream has no such role: there a person approves what nodes serve with. */
export const SELF_NODE_SERVER_ROLE = 'system:lotse:certificatesigningrequests:selfnodeserver'

/** Who may have a certificate as a node, and who may approve the requests of each of Kubernetes' own signers. */
export const certificateRoles: Readonly<Record<string, readonly PolicyRule[]>> = {
  [`${PREFIX}certificatesigningrequests:nodeclient`]: [rule('create', GROUP, 'certificatesigningrequests/nodeclient')],
  [SELF_NODE_CLIENT_ROLE]: [rule('create', GROUP, 'certificatesigningrequests/selfnodeclient')],
  [SELF_NODE_SERVER_ROLE]: [rule('create', GROUP, 'certificatesigningrequests/selfnodeserver')],
  [`${PREFIX}kube-apiserver-client-approver`]: approver('kube-apiserver-client'),
  [`${PREFIX}kube-apiserver-client-kubelet-approver`]: approver('kube-apiserver-client-kubelet'),
  [`${PREFIX}kubelet-serving-approver`]: approver('kubelet-serving'),
  [`${PREFIX}legacy-unknown-approver`]: approver('legacy-unknown'),
}

/** Approves what nodes ask for themselves, signs what is approved, and removes what is done with. */
export const certificateControllerRules: readonly PolicyRule[] = [
  rule('delete get list watch', GROUP, 'certificatesigningrequests'),
  rule('update', GROUP, 'certificatesigningrequests/approval certificatesigningrequests/status'),
  namedRule('approve', GROUP, 'signers', 'kubernetes.io/kube-apiserver-client-kubelet kubernetes.io/kubelet-serving'),
  namedRule('sign', GROUP, 'signers', 'kubernetes.io/kube-apiserver-client kubernetes.io/kube-apiserver-client-kubelet'
    + ' kubernetes.io/kubelet-serving kubernetes.io/legacy-unknown'),
  rule('create', 'authorization.k8s.io', 'subjectaccessreviews'),
]
