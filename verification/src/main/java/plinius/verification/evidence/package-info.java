/**
 * What all verifiers share: {@link plinius.verification.evidence.Claims} that evidence makes, the
 * {@link plinius.verification.evidence.Endorsements} and {@link
 * plinius.verification.evidence.TrustAnchors} that support them, and strict readers of hostile
 * bytes. Whatever is wrong with evidence is {@link plinius.verification.evidence.Refuted}.
 *
 * <p>Owner's side, outside the trusted part. JDK only, no network; every instant is a parameter.
 */
package plinius.verification.evidence;
