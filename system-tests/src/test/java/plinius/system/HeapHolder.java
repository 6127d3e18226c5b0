package plinius.system;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** A process that holds a file's content in its heap, as a leaky host would. */
final class HeapHolder {
  private HeapHolder() {}

  public static void main(String[] arguments) throws IOException {
    byte[] content = Files.readAllBytes(Path.of(arguments[0]));
    List<Object> held = new ArrayList<>();
    if (arguments[1].equals("floats")) {
      float[] floats = new float[content.length / 4];
      ByteBuffer.wrap(content).asFloatBuffer().get(floats);
      held.add(floats);
    } else {
      held.add(content);
    }
    System.out.println("holding " + held.size());
    System.out.flush();
    while (System.in.read() >= 0) {
      held.add(1);
    }
  }
}
