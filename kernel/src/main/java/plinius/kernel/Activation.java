package plinius.kernel;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/**
 * Darknet's activations (activations.h), by their names in configurations. The gradient is a
 * function of the output. Exponentials go through {@link StrictMath}, whose bits do not depend on
 * the compiler.
 */
public enum Activation {
  LOGISTIC,
  LOGGY,
  RELU,
  ELU,
  SELU,
  RELIE,
  RAMP,
  LINEAR,
  TANH,
  PLSE,
  LEAKY,
  STAIR,
  HARDTAN,
  LHTAN;

  /** The activation of this name, or nothing. */
  public static Optional<Activation> named(String name) {
    return Arrays.stream(values())
        .filter(each -> name.equals(each.name().toLowerCase(Locale.ROOT)))
        .findFirst();
  }

  /** Output for the pre-activation x. */
  public float apply(float x) {
    return switch (this) {
      case LOGISTIC -> (float) (1.0 / (1.0 + StrictMath.exp(-x)));
      case LOGGY -> (float) (2.0 / (1.0 + StrictMath.exp(-x)) - 1);
      case RELU -> x > 0 || Float.isNaN(x) ? x : 0;
      case ELU -> x >= 0 ? x : (float) (StrictMath.exp(x) - 1);
      case SELU -> x >= 0 ? 1.0507f * x : (float) (1.0507 * 1.6732 * (StrictMath.exp(x) - 1));
      case RELIE -> x > 0 ? x : 0.01f * x;
      case RAMP -> (x > 0 ? x : 0) + 0.1f * x;
      case LINEAR -> x;
      case TANH -> (float) StrictMath.tanh(x);
      case PLSE -> x < -4 ? 0.01f * (x + 4) : x > 4 ? 0.01f * (x - 4) + 1 : 0.125f * x + 0.5f;
      case LEAKY -> x > 0 ? x : 0.1f * x;
      case STAIR -> stair(x);
      case HARDTAN -> x < -1 ? -1 : x > 1 ? 1 : x;
      case LHTAN -> x < 0 ? 0.001f * x : x > 1 ? 0.001f * (x - 1) + 1 : x;
    };
  }

  /** Derivative at the point whose output is y. */
  public float gradient(float y) {
    return switch (this) {
      case LOGISTIC -> (1 - y) * y;
      case LOGGY -> {
        float z = (y + 1) / 2;
        yield 2 * (1 - z) * z;
      }
      case RELU -> y > 0 ? 1 : 0;
      case ELU -> y >= 0 ? 1 : y + 1;
      case SELU -> y >= 0 ? 1.0507f : (float) (y + 1.0507 * 1.6732);
      case RELIE -> y > 0 ? 1 : 0.01f;
      case RAMP -> (y > 0 ? 1 : 0) + 0.1f;
      case LINEAR -> 1;
      case TANH -> 1 - y * y;
      case PLSE -> y < 0 || y > 1 ? 0.01f : 0.125f;
      case LEAKY -> y > 0 ? 1 : 0.1f;
      case STAIR -> StrictMath.floor(y) == y ? 0 : 1;
      case HARDTAN -> y > -1 && y < 1 ? 1 : 0;
      case LHTAN -> y > 0 && y < 1 ? 1 : 0.001f;
    };
  }

  private static float stair(float x) {
    int n = (int) StrictMath.floor(x);
    double half = StrictMath.floor(x / 2.0);
    return (float) (n % 2 == 0 ? half : (x - n) + half);
  }
}
