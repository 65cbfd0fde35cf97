export { readAccount } from "./account.ts";
export {
  publishModel,
  type ModelPublication,
  type PublishedModel,
} from "./actions/publish-model.ts";
export { registerNode, type NodeRegistration } from "./actions/register-node.ts";
export { requireRegistered, type ModelContent } from "./actions/require-registered.ts";
export { type StepListener } from "./actions/send.ts";
export { openChain, type ChainOptions } from "./chain.ts";
export {
  authorizationNonce,
  CHANNEL_TYPES,
  channelDigest,
  channelDomain,
  channelId,
  packClaims,
  signChannelAuthorization,
  signChannelMessage,
  signVoucher,
  type ChannelAuthorization,
  type ChannelClaim,
  type ChannelDeployment,
  type ChannelMessages,
  type ChannelTerms,
  type CooperativeClose,
  type MeteringCap,
  type SignedAuthorization,
  type Usage,
  type Voucher,
} from "./channel.ts";
export { encodeDeployment, readDeployment, type Deployment } from "./deployment.ts";
export { ERROR_CODES, OpenGradientError, type ErrorCode } from "./errors.ts";
export { keyAddress, type KeyPieces } from "./key-address.ts";
export {
  modelId,
  modelIdOf,
  modelOrigin,
  type ModelIdentity,
  type ModelParts,
} from "./model-id.ts";
export { p384Hints, type P384Statement } from "./p384-hints.ts";
export { p384Table } from "./p384-table.ts";
export { signPermit, type Permission } from "./permit.ts";
export {
  evidenceOf,
  PROOF_KINDS,
  proofKindOf,
  splitEvidence,
  type ProofKindName,
} from "./proof-kinds.ts";
export { connectProtocol, type Protocol } from "./protocol.ts";
export {
  decodeSignedEvidence,
  encodeSignedEvidence,
  RECEIPT_TYPES,
  receiptDigest,
  receiptDomain,
  receiptHash,
  signAnswer,
  signedReceipt,
  signReceipt,
  type AnswerClaim,
  type InferenceReceipt,
  type Settlement,
  type SignedAnswer,
  type SignedEvidence,
  type SignedStatement,
} from "./receipt.ts";
export {
  REQUEST_TYPES,
  requestDomain,
  requestId,
  termsOf,
  type MarketDomain,
  type RequestTerms,
} from "./request.ts";
export {
  REQUEST_OUTCOME,
  REQUEST_STATUS,
  type RequestOutcomeName,
  type RequestStatusName,
} from "./request-status.ts";
export { describeRevert, isRevert } from "./reverts.ts";
export { draftRequest, signRequest, type RequestDraft } from "./signed-request.ts";
export { NODE_ROLES, roleSet, TIERS, tierSet, type NodeRoleName, type TierName } from "./tiers.ts";
