export { readAccount } from "./account.ts";
export {
  publishLanguageModel,
  type LanguageModelPublication,
} from "./actions/publish-language-model.ts";
export {
  publishModel,
  type ModelPublication,
  type PublishedModel,
} from "./actions/publish-model.ts";
export {
  approvalCalls,
  approveMeasurement,
  type GovernanceCall,
  type MeasurementProposal,
} from "./actions/approve-measurement.ts";
export { registerNode, type NodeRegistration } from "./actions/register-node.ts";
export {
  awaitOutput,
  requestInference,
  type InferenceOrder,
  type OpenRequest,
  type RequestEnd,
} from "./actions/request-inference.ts";
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
export {
  canonicalRequest,
  CHAT_LIMITS,
  CHAT_ROLES,
  parseChatRequest,
  type ChatLimits,
  type ChatMessage,
  type ChatRequest,
  type ChatRole,
} from "./chat-request.ts";
export { agreesWith, type SentRequest, type TextForm } from "./client/agrees-with.ts";
export type { AskedTerms, ReceiptContent, ReceiptExpectation } from "./client/check-receipt.ts";
export {
  createClient,
  type ChatAnswer,
  type ChatOrder,
  type ChatStream,
  type Client,
  type ClientLimits,
  type ClientOptions,
  type ClientPayment,
  type InferenceAnswer,
  type InferenceOrder as NodeInferenceOrder,
  type RequestOptions,
} from "./client/client.ts";
export { findReceipt } from "./client/find-receipt.ts";
export type { BatchStatusName, InclusionProof } from "./client/inclusion.ts";
export type { NodeOffer, NodePlace } from "./client/node-directory.ts";
export { NodeFailure, type NodeAnswer } from "./client/node-failure.ts";
export { createPayments, type PaymentsOptions } from "./client/payments.ts";
export { Receipt, type KeptReceipt } from "./client/receipt.ts";
export { receiptAccess, settlementOf, type ReceiptTrust } from "./client/receipt-access.ts";
export {
  RECEIPT_CHECKS,
  ReceiptError,
  type Equivocation,
  type ReceiptCheck,
  type ReceiptCheckName,
} from "./client/receipt-fault.ts";
export {
  createReceiptVerifier,
  parseEnvelope,
  type ReceiptContext,
  type ReceiptVerifier,
  type ReceiptVerifierOptions,
} from "./client/verify-receipt.ts";
export { encodeDeployment, readDeployment, type Deployment } from "./deployment.ts";
export { bindingHash, nonceOf, tdxReportData, type EnclaveTerms } from "./enclave.ts";
export { ERROR_CODES, OpenGradientError, type ErrorCode } from "./errors.ts";
export { keyAddress, type KeyPieces } from "./key-address.ts";
export { MEASUREMENT_KINDS, measurementId, type MeasurementKindName } from "./measurement-id.ts";
export {
  encodeLanguageModel,
  ggufManifest,
  languageModelHash,
  languageModelId,
  parsePromptTemplate,
  readLanguageModel,
  serverManifest,
  type GgufDescription,
  type GgufManifest,
  type LanguageModel,
  type LanguageModelManifest,
  type PromptPiece,
  type PromptTemplate,
  type ServerManifest,
} from "./language-model.ts";
export {
  modelId,
  modelIdOf,
  modelOrigin,
  type ModelIdentity,
  type ModelParts,
} from "./model-id.ts";
export {
  nitroDocument,
  type CertificateDescription,
  type NitroDescription,
} from "./nitro/describe.ts";
export {
  nitroChain,
  nitroHints,
  storedCertificates,
  type NitroHintOptions,
} from "./nitro/hints.ts";
export { p384Hints, type P384Statement } from "./p384-hints.ts";
export { p384Table } from "./p384-table.ts";
export {
  createFileStore,
  createMemoryStore,
  type ChannelRecord,
  type ChannelStore,
} from "./payments/channel-record.ts";
export { type ChannelEnd } from "./payments/close-channel.ts";
export {
  createPayingFetch,
  type PayingFetch,
  type PayingFetchOptions,
} from "./payments/paying-fetch.ts";
export { type SpendingLimits } from "./payments/spending-limits.ts";
export {
  channelDemandSchema,
  decodeVoucherHeader,
  encodeVoucherHeader,
  VOUCHER_HEADER,
  type ChannelDemand,
  type ChannelFunding,
  type VoucherHeader,
} from "./payments/voucher-header.ts";
export { signPermit, type Permission } from "./permit.ts";
export {
  evidenceOf,
  PROOF_KINDS,
  proofKindOf,
  splitEvidence,
  type ProofKindName,
} from "./proof-kinds.ts";
export { tdxQuote, type TdxQuote } from "./tdx-quote.ts";
export { connectProtocol, type Protocol } from "./protocol.ts";
export {
  attestedReceipt,
  decodeAttestedEvidence,
  decodeSignedEvidence,
  encodeAttestedEvidence,
  encodeSignedEvidence,
  RECEIPT_TYPES,
  receiptDigest,
  receiptDomain,
  receiptHash,
  signAnswer,
  signAttestedAnswer,
  signedReceipt,
  signReceipt,
  type AnswerClaim,
  type AttestedAnswer,
  type AttestedEvidence,
  type AttestedStatement,
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
