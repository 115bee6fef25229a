// ResNet-18 for images of 32×32 (He et al., "Deep residual learning for image
// recognition", 2016): a convolution, four stages of two residual blocks each,
// of which the last three halve the image and double the channels, and a
// classifier of the channels' means.  Batch normalization keeps running means
// and variances for `predict` (Ioffe and Szegedy, 2015).
#include <sinter/sinter.h>
using namespace sinter;

SINTER_MODEL(resnet18) {
  const Batch batch = m.batch(8);
  const int64_t width = m.option("width", 64), size = m.option("size", 32);
  bool training = true;

  auto normalized = [&](std::string_view name, Tensor x) {
    Scope scope(name);
    const int64_t channels = x.dim(3);
    Tensor gamma = m.parameter("gamma", {channels}, init::constant(1));
    Tensor beta = m.parameter("beta", {channels}, init::zeros());
    Variable mean_so_far = m.variable("mean", {channels}, init::zeros());
    Variable variance_so_far =
        m.variable("variance", {channels}, init::constant(1));
    Tensor average = mean_so_far, spread = variance_so_far;
    if (training) {
      const double kept = 0.9;
      average = mean(x, {0, 1, 2});
      spread = mean(square(x - average), {0, 1, 2});
      mean_so_far.assign(mean_so_far * kept + average * (1 - kept));
      variance_so_far.assign(variance_so_far * kept + spread * (1 - kept));
    }
    return (x - average) * (gamma * rsqrt(spread + 1e-5)) + beta;
  };
  auto convolved = [&](std::string_view name, Tensor x, int64_t features,
                       int64_t kernel, int64_t stride) {
    return nn::conv(
        m, name, x, features, {kernel, kernel},
        {.strides = {stride}, .padding = {kernel / 2}, .bias = false});
  };
  auto block = [&](Tensor x, int64_t features, int64_t stride) {
    Tensor y = convolved("conv1", x, features, 3, stride);
    y = convolved("conv2", relu(normalized("norm1", y)), features, 3, 1);
    y = normalized("norm2", y);
    if (stride != 1 || features != x.dim(3))
      x = normalized("norm", convolved("shortcut", x, features, 1, stride));
    return relu(x + y);
  };
  auto network = [&](Tensor images) {
    Tensor x = convolved("conv", images, width, 3, 1);
    x = relu(normalized("norm", x));
    for (int64_t stage = 0; stage < 4; ++stage)
      for (int64_t i = 0; i < 2; ++i) {
        Scope scope("stage" + std::to_string(stage + 1) + (i ? "b" : "a"));
        x = block(x, width << stage, stage > 0 && i == 0 ? 2 : 1);
      }
    return nn::dense(m, "logits", global_average_pool(x), 10);
  };

  m.entry("train", [&](Entry &e) {
    Tensor images = e.input("images", f32, {batch, size, size, 3});
    Tensor labels = e.input("labels", u8, {batch});
    Tensor loss = nn::cross_entropy(network(images), labels);
    optim::momentum(m, loss, {.learning_rate = 0.01});
    e.output("loss", loss);
  });
  training = false;
  m.entry("predict", [&](Entry &e) {
    e.output("probabilities",
             softmax(network(e.input("images", f32, {batch, size, size, 3}))));
  });
}
