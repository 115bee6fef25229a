//===- OpCases.cpp - every op that has derivatives, once or more ----------===//

#include "tests/rules/OpCases.h"

using namespace sinter;

static const std::string four = "tensor<4xf64>";
static OpCase unary(const std::string &op, Domain domain = real,
                    const std::string &attributes = "") {
  return {op + " %a " + attributes + ": " + four, {four}, four, domain};
}
static OpCase binary(const std::string &op, const std::string &type = four,
                     Domain domain = real) {
  return {op + " %a, %b : " + type, {type, type}, type, domain};
}

const std::vector<OpCase> sinter::opCases = {
    unary("neg"),
    unary("abs"),
    unary("sign"),
    unary("exp"),
    unary("expm1"),
    unary("exp2"),
    unary("log", positive),
    unary("log2", positive),
    unary("log1p", positive),
    unary("sqrt", positive),
    unary("rsqrt", positive),
    unary("cbrt"),
    unary("sinh"),
    unary("cosh"),
    unary("asinh"),
    unary("acosh", aboveOne),
    unary("atanh", withinOne),
    unary("tanh"),
    unary("logistic"),
    unary("sin"),
    unary("cos"),
    unary("tan", withinOne),
    unary("asin", withinOne),
    unary("acos", withinOne),
    unary("atan"),
    unary("erf"),
    unary("lgamma", positive),
    unary("polygamma", positive, "order 0 "),
    unary("polygamma", aboveOne, "order 3 "),
    unary("floor"),
    unary("ceil"),
    unary("round"),
    binary("add"),
    binary("sub"),
    {"sub %a, %a : tensor<4xf64>", {"tensor<4xf64>"}, "tensor<4xf64>"},
    binary("mul"),
    {"mul %a, %a : tensor<4xf64>", {"tensor<4xf64>"}, "tensor<4xf64>"},
    binary("div"),
    binary("max", "tensor<9xf64>"),
    binary("min", "tensor<9xf64>"),
    binary("pow", four, positive),
    binary("atan2"),
    binary("rem"),
    {"select %c, %a, %b : tensor<4xf64>",
     {"tensor<4xf64>", "tensor<4xf64>", "tensor<4xi1>"},
     "tensor<4xf64>",
     real,
     {1, 0, 0, 1}},
    {"cast %a : tensor<4xf64> to tensor<4xf32>",
     {"tensor<4xf64>"},
     "tensor<4xf32>"},
    {"reshape %a : tensor<2x6xf64> -> tensor<3x4xf64>",
     {"tensor<2x6xf64>"},
     "tensor<3x4xf64>"},
    {"transpose %a [2, 0, 1] : tensor<2x3x4xf64> -> tensor<4x2x3xf64>",
     {"tensor<2x3x4xf64>"},
     "tensor<4x2x3xf64>"},
    {"broadcast %a dims [0, 2] : tensor<1x3xf64> -> tensor<4x2x3xf64>",
     {"tensor<1x3xf64>"},
     "tensor<4x2x3xf64>"},
    {"broadcast %a dims [] : tensor<f64> -> tensor<2x3xf64>",
     {"tensor<f64>"},
     "tensor<2x3xf64>"},
    {"slice %a offsets [1, 0] sizes [2, 3] strides [1, 2] : tensor<4x6xf64> "
     "-> tensor<2x3xf64>",
     {"tensor<4x6xf64>"},
     "tensor<2x3xf64>"},
    {"pad %a low [1, 0] high [1, 2] interior [0, 1] : tensor<2x3xf64> -> "
     "tensor<4x7xf64>",
     {"tensor<2x3xf64>"},
     "tensor<4x7xf64>"},
    {"concatenate %a, %b, %a dim 1 : tensor<2x3xf64>, tensor<2x1xf64>, "
     "tensor<2x3xf64> -> tensor<2x7xf64>",
     {"tensor<2x3xf64>", "tensor<2x1xf64>"},
     "tensor<2x7xf64>"},
    {"reverse %a dims [1] : tensor<2x3xf64> -> tensor<2x3xf64>",
     {"tensor<2x3xf64>"},
     "tensor<2x3xf64>"},
    // Repeated indices, and one out of range.
    {"gather %a[%b] axis 0 batch 0 : tensor<3x2xf64>, tensor<5xi32> -> "
     "tensor<5x2xf64>",
     {"tensor<3x2xf64>", "tensor<5xi32>"},
     "tensor<5x2xf64>",
     real,
     {1, 0, 1, 7, 2}},
    {"gather %a[%b] axis 2 batch 1 : tensor<2x3x4xf64>, tensor<2x2xi64> -> "
     "tensor<2x3x2xf64>",
     {"tensor<2x3x4xf64>", "tensor<2x2xi64>"},
     "tensor<2x3x2xf64>",
     real,
     {3, 3, 0, -1}},
    {"scatter_add %a[%c] += %b axis 0 batch 0 : tensor<3x2xf64>, "
     "tensor<4xi32>, tensor<4x2xf64>",
     {"tensor<3x2xf64>", "tensor<4x2xf64>", "tensor<4xi32>"},
     "tensor<3x2xf64>",
     real,
     {1, 1, 9, 0}},
    // Rows that no window reaches, everything dilated.
    {"conv %a, %b strides [3] low [2] high [2] input_dilation [2] "
     "kernel_dilation [2] : tensor<2x6x2xf64>, tensor<3x2x3xf64> -> "
     "tensor<2x4x3xf64>",
     {"tensor<2x6x2xf64>", "tensor<3x2x3xf64>"},
     "tensor<2x4x3xf64>"},
    // Less than all of the input, padded by more than the kernel.
    {"conv %a, %b low [-1, 4] high [2, -2] : tensor<1x4x5x2xf64>, "
     "tensor<2x3x2x2xf64> -> tensor<1x4x5x2xf64>",
     {"tensor<1x4x5x2xf64>", "tensor<2x3x2x2xf64>"},
     "tensor<1x4x5x2xf64>"},
    {"conv %a, %b strides [2, 1] groups 2 : tensor<2x5x3x4xf64>, "
     "tensor<2x2x2x6xf64> -> tensor<2x2x2x6xf64>",
     {"tensor<2x5x3x4xf64>", "tensor<2x2x2x6xf64>"},
     "tensor<2x2x2x6xf64>"},
    // Depthwise, and two channels for each feature.
    {"conv %a, %b low [1] high [1] groups 3 : tensor<2x4x3xf64>, "
     "tensor<2x1x3xf64> -> tensor<2x5x3xf64>",
     {"tensor<2x4x3xf64>", "tensor<2x1x3xf64>"},
     "tensor<2x5x3xf64>"},
    {"conv %a, %b strides [2] groups 2 : tensor<2x5x4xf64>, "
     "tensor<3x2x2xf64> -> tensor<2x2x2xf64>",
     {"tensor<2x5x4xf64>", "tensor<3x2x2xf64>"},
     "tensor<2x2x2xf64>"},
    {"conv %a, %b strides [1, 2, 1] high [0, 1, 1] : tensor<1x2x3x2x2xf64>, "
     "tensor<2x2x2x2x1xf64> -> tensor<1x1x2x2x1xf64>",
     {"tensor<1x2x3x2x2xf64>", "tensor<2x2x2x2x1xf64>"},
     "tensor<1x1x2x2x1xf64>"},
    {"windows %a dims [0, 2] sizes [2, 3] strides [2, 1] dilations [1, 2] : "
     "tensor<5x2x6xf64> -> tensor<2x2x2x2x3xf64>",
     {"tensor<5x2x6xf64>"},
     "tensor<2x2x2x2x3xf64>"},
    {"fold_windows %a dims [0, 2] sizes [2, 3] strides [2, 1] dilations "
     "[1, 2] : tensor<2x2x2x2x3xf64> -> tensor<5x2x6xf64>",
     {"tensor<2x2x2x2x3xf64>"},
     "tensor<5x2x6xf64>"},
    {"dot_general %a, %b contract [1] x [0] batch [] x [] : tensor<2x3xf64>, "
     "tensor<3x4xf64> -> tensor<2x4xf64>",
     {"tensor<2x3xf64>", "tensor<3x4xf64>"},
     "tensor<2x4xf64>"},
    {"dot_general %a, %b contract [0] x [1] batch [] x [] : tensor<3x2xf64>, "
     "tensor<4x3xf64> -> tensor<2x4xf64>",
     {"tensor<3x2xf64>", "tensor<4x3xf64>"},
     "tensor<2x4xf64>"},
    {"dot_general %a, %a contract [0] x [0] batch [] x [] : tensor<3xf64>, "
     "tensor<3xf64> -> tensor<f64>",
     {"tensor<3xf64>"},
     "tensor<f64>"},
    // Two contracting dimensions in another order, a batch dimension inside.
    {"dot_general %a, %b contract [3, 0] x [0, 2] batch [1] x [3] : "
     "tensor<2x3x4x5xf64>, tensor<5x6x2x3xf64> -> tensor<3x4x6xf64>",
     {"tensor<2x3x4x5xf64>", "tensor<5x6x2x3xf64>"},
     "tensor<3x4x6xf64>"},
    {"reduce_sum %a dims [0, 2] : tensor<2x3x4xf64> -> tensor<3xf64>",
     {"tensor<2x3x4xf64>"},
     "tensor<3xf64>"},
    {"reduce_max %a dims [0, 2] : tensor<2x3x4xf64> -> tensor<3xf64>",
     {"tensor<2x3x4xf64>"},
     "tensor<3xf64>"},
    {"reduce_min %a dims [1] : tensor<2x3x4xf64> -> tensor<2x4xf64>",
     {"tensor<2x3x4xf64>"},
     "tensor<2x4xf64>"},
    {"reduce_prod %a dims [0, 2] : tensor<2x3x3xf64> -> tensor<3xf64>",
     {"tensor<2x3x3xf64>"},
     "tensor<3xf64>"},
    {"reduce_prod %a dims [0] : tensor<7xf64> -> tensor<f64>",
     {"tensor<7xf64>"},
     "tensor<f64>"},
    {"cumulative_sum %a dim 1 : tensor<2x3x2xf64>",
     {"tensor<2x3x2xf64>"},
     "tensor<2x3x2xf64>"},
    {"cumulative_sum %a dim 1 reverse exclusive : tensor<2x5xf64>",
     {"tensor<2x5xf64>"},
     "tensor<2x5xf64>"},
    {"scan 3 reverse carry(%h = %a : tensor<2xf64>) each(%x = %b : "
     "tensor<3x2xf64>) index(%t) -> (tensor<2xf64>) {\n"
     "%p = sinter.mul %h, %x : tensor<2xf64>\n"
     "%n = sinter.sin %p : tensor<2xf64>\n"
     "sinter.yield %n : tensor<2xf64>\n}",
     {"tensor<2xf64>", "tensor<3x2xf64>"},
     "tensor<2xf64>"},
};
