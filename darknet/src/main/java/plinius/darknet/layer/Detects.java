package plinius.darknet.layer;

import java.util.List;

/** A layer whose output says where objects are. */
public interface Detects {
  /** What it found in one image of the last prediction. */
  List<Detection> detections(Detection.Query query);
}
