package plinius.attestation;

/** The kinds of trusted execution environment that can give evidence here. */
public enum TeeKind {
  /** An ordinary process. Protects nothing; an owner's policy must allow it by name. */
  SIMULATION("sample"),
  /** An Intel SGX enclave. */
  SGX("sgx"),
  /** An Intel TDX trust domain. */
  TDX("tdx"),
  /** An AMD SEV-SNP virtual machine. */
  SNP("snp"),
  /** An SEV-SNP virtual machine behind Azure's paravisor and its virtual TPM. */
  AZURE_SNP("az-snp-vtpm"),
  /** A TDX trust domain behind Azure's paravisor and its virtual TPM. */
  AZURE_TDX("az-tdx-vtpm"),
  /** An AWS Nitro enclave; the KBS protocol has no word for it, this one is ours. */
  NITRO("aws-nitro");

  private final String kbsName;

  TeeKind(String kbsName) {
    this.kbsName = kbsName;
  }

  /** What the KBS protocol calls it, in the member {@code tee}. */
  public String kbsName() {
    return kbsName;
  }
}
