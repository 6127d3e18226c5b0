package plinius.benchmarks.peers;

import static org.bytedeco.pytorch.global.torch.cross_entropy_loss;
import static org.bytedeco.pytorch.global.torch.rand;
import static org.bytedeco.pytorch.global.torch.randint;
import static org.bytedeco.pytorch.global.torch.set_num_threads;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.SGD;
import org.bytedeco.pytorch.SGDOptions;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.MemoryFormat;
import plinius.benchmarks.network.Contender;
import plinius.benchmarks.network.Task;
import plinius.darknet.cfg.Section;

/**
 * libtorch (f32): trained by cross entropy and SGD with momentum and decay, asked without gradients
 * and in the mode for evaluation.
 */
final class LibtorchContender implements Contender {
  private final Task task;
  private final MemoryFormat format;
  private final LibtorchNetwork network;
  private final Tensor images;
  private final Tensor labels;
  private final SGD descent;

  LibtorchContender(Task task, boolean channelsLast) {
    this.task = task;
    format = channelsLast ? MemoryFormat.ChannelsLast : MemoryFormat.Contiguous;
    Section net = task.cfg().net();
    int rows = net.integer("height");
    int columns = net.integer("width");
    images = rand(task.subBatch(), net.integer("channels"), rows, columns).contiguous(format);
    labels = randint(task.truths(), new long[] {task.subBatch()});
    network = new LibtorchNetwork(task, format);
    network.requireShapes(images);
    SGDOptions options = new SGDOptions(net.decimal("learning_rate") / 100);
    options.momentum().put(net.decimal("momentum"));
    options.weight_decay().put(net.decimal("decay"));
    descent = new SGD(network.parameters(), options);
  }

  @Override
  public String implementation() {
    return "libtorch";
  }

  @Override
  public String variant() {
    return format == MemoryFormat.ChannelsLast ? "channels_last" : "nchw";
  }

  @Override
  public void iterate() {
    set_num_threads(task.threads());
    try (PointerScope _ = new PointerScope()) {
      switch (task.work()) {
        case TRAIN -> train();
        case INFER -> infer();
      }
    }
  }

  private void train() {
    descent.zero_grad();
    for (int i = 0; i < task.subdivisions(); i++) {
      cross_entropy_loss(network.forward(images), labels).backward();
    }
    descent.step();
  }

  private void infer() {
    try (NoGradGuard _ = new NoGradGuard()) {
      network.forward(images).softmax(1);
    }
  }

  @Override
  public void close() {
    descent.close();
    network.close();
  }
}
