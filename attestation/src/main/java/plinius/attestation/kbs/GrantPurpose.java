package plinius.attestation.kbs;

import java.util.Arrays;
import plinius.attestation.AttestationException;

/** What a grant is good for. It stands in the grant, because the host carries the request. */
public enum GrantPurpose {
  /** To train: the broker has begun a new epoch, which fences off all earlier runs. */
  TRAIN("train", "grant"),
  /** To read the model and test it: no new epoch, and nothing may be written. */
  READ_ONLY("read-only", "grant-readonly");

  private final String wireName;
  private final String resourceTag;

  GrantPurpose(String wireName, String resourceTag) {
    this.wireName = wireName;
    this.resourceTag = resourceTag;
  }

  /** Its name in grants and logs. */
  public String wireName() {
    return wireName;
  }

  /** The last part of the KBS resource's path. */
  public String resourceTag() {
    return resourceTag;
  }

  /** The purpose with this name in grants and logs. */
  public static GrantPurpose ofWireName(String name) {
    String unknown = "the grant's purpose " + name + " is not known";
    return Arrays.stream(values())
        .filter(purpose -> purpose.wireName.equals(name))
        .findFirst()
        .orElseThrow(() -> new AttestationException.BadMessage(unknown));
  }
}
