//===- Roofline.cpp - rows as a picture -----------------------------------===//

#include "Roofline.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace bench {

namespace {

/// A logarithmic axis of powers of two.
struct Axis {
  double low, high;     // exponents
  double begin, length; // pixels; a negative length goes upwards
  double at(double value) const {
    return begin + (std::log2(value) - low) / (high - low) * length;
  }
};

constexpr double width = 960, height = 600, left = 70, right = 110, top = 50,
                 bottom = 60;

struct Style {
  const char *peer, *color;
};
const Style styles[] = {{"sinter", "#c0392b"},
                        {"onednn", "#2471a3"},
                        {"torch", "#d68910"},
                        {"ort", "#239b56"}};

const char *colorOf(const std::string &peer) {
  for (const Style &style : styles)
    if (peer == style.peer)
      return style.color;
  return "#555555";
}

/// Arithmetic for each byte of a call.
double intensityOf(const Row &row) {
  return row.operations /
         (row.workload.bytesRead * static_cast<double>(row.workload.sweeps) +
          row.workload.bytesWritten);
}

class Plot {
public:
  Plot(std::FILE *file, const std::vector<Row> &rows, const Machine &machine)
      : file(file), peak(machine.peakGigaflops()),
        memory(machine.copyGigabytes()), cache(machine.cacheGigabytes()) {
    double least = peak, narrow = 1, wide = 1;
    for (const Row &row : rows) {
      narrow = std::min(narrow, intensityOf(row));
      wide = std::max(wide, intensityOf(row));
      for (const Measurement &m : row.measurements)
        least = std::min(least, row.operations / m.median() / 1e3);
    }
    wide = std::max(wide, 2 * peak / memory);
    x = {std::floor(std::log2(narrow)) - 1, std::ceil(std::log2(wide)) + 1,
         left, width - left - right};
    y = {std::floor(std::log2(least)) - 1, std::ceil(std::log2(peak)) + 0.5,
         height - bottom, -(height - top - bottom)};
  }

  void draw(const std::vector<Row> &rows) {
    std::fprintf(file,
                 "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 "
                 "%.0f %.0f\" font-family=\"sans-serif\" font-size=\"12\">\n"
                 "<rect width=\"100%%\" height=\"100%%\" fill=\"white\"/>\n",
                 width, height);
    drawAxes();
    drawRoofs();
    // From left to right, so that labels can make room for each other.
    std::vector<const Row *> ordered;
    for (const Row &row : rows)
      ordered.push_back(&row);
    std::stable_sort(ordered.begin(), ordered.end(),
                     [](const Row *a, const Row *b) {
                       return intensityOf(*a) < intensityOf(*b);
                     });
    for (const Row *row : ordered)
      drawRow(*row);
    drawLegend();
    std::fprintf(file, "</svg>\n");
  }

private:
  void text(double px, double py, const char *anchor, const char *color,
            const std::string &what) {
    std::fprintf(file,
                 "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\" "
                 "fill=\"%s\">%s</text>\n",
                 px, py, anchor, color, what.c_str());
  }
  void line(double x1, double y1, double x2, double y2, const char *stroke,
            double strokeWidth) {
    std::fprintf(file,
                 "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" "
                 "stroke=\"%s\" stroke-width=\"%.1f\"/>\n",
                 x1, y1, x2, y2, stroke, strokeWidth);
  }
  static std::string power(int exponent) {
    char buffer[32];
    std::snprintf(buffer, sizeof buffer, "%g", std::exp2(exponent));
    return buffer;
  }

  void drawAxes() {
    const double floor = y.begin, ceiling = y.begin + y.length;
    for (int e = static_cast<int>(std::ceil(x.low)); e <= x.high; e += 2) {
      double at = x.at(std::exp2(e));
      line(at, floor, at, ceiling, "#e5e5e5", 1);
      text(at, floor + 18, "middle", "#333", power(e));
    }
    for (int e = static_cast<int>(std::ceil(y.low)); e <= y.high; ++e) {
      double at = y.at(std::exp2(e));
      line(x.begin, at, x.begin + x.length, at, "#e5e5e5", 1);
      text(x.begin - 8, at + 4, "end", "#333", power(e));
    }
    text(x.begin + x.length / 2, height - 16, "middle", "#333",
         "arithmetic intensity, FLOP/byte");
    std::fprintf(file,
                 "<text transform=\"translate(20 %.1f) rotate(-90)\" "
                 "text-anchor=\"middle\" fill=\"#333\">GFLOP/s</text>\n",
                 y.begin + y.length / 2);
  }

  void drawRoof(double bandwidth, const char *color) {
    double ridge = peak / bandwidth;
    double start = std::max(std::exp2(x.low), std::exp2(y.low) / bandwidth);
    line(x.at(start), y.at(start * bandwidth), x.at(ridge), y.at(peak), color,
         2);
    line(x.at(ridge), y.at(peak), x.at(std::exp2(x.high)), y.at(peak), color,
         2);
  }
  void drawRoofs() {
    drawRoof(cache, "#aaa");
    drawRoof(memory, "#333");
    char label[120];
    std::snprintf(label, sizeof label,
                  "%.0f GFLOP/s; memory copies %.0f GB/s (black), the last "
                  "cache reads %.0f GB/s (grey)",
                  peak, memory, cache);
    text(x.begin, y.at(peak) - 16, "start", "#333", label);
  }

  void drawRow(const Row &row) {
    double px = x.at(intensityOf(row)), lowest = 0;
    for (size_t i = row.measurements.size(); i-- > 0;) { // Sinter on top
      const Measurement &m = row.measurements[i];
      double gigaflops = row.operations / m.median() / 1e3;
      double py = y.at(gigaflops);
      lowest = std::max(lowest, py);
      bool ours = m.peer == "sinter";
      std::fprintf(file,
                   "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"4\" fill=\"%s\" "
                   "stroke=\"%s\" stroke-width=\"1.5\"><title>%s, %s: %.1f "
                   "GFLOP/s, %.2f × limit</title></circle>\n",
                   px, py, ours ? colorOf(m.peer) : "white", colorOf(m.peer),
                   row.workload.label().c_str(), m.peer.c_str(), gigaflops,
                   m.median() / row.limit);
    }
    constexpr double lineHeight = 12;
    labelEnd = std::max(px - 2, labelEnd + lineHeight);
    std::fprintf(file,
                 "<text transform=\"translate(%.1f %.1f) rotate(60)\" "
                 "font-size=\"10\" fill=\"#333\">%s</text>\n",
                 labelEnd, lowest + lineHeight, row.workload.label().c_str());
  }

  void drawLegend() {
    double py = top;
    for (const Style &style : styles) {
      bool ours = std::string(style.peer) == "sinter";
      double px = width - right + 20;
      std::fprintf(file,
                   "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"4\" fill=\"%s\" "
                   "stroke=\"%s\" stroke-width=\"1.5\"/>\n",
                   px, py, ours ? style.color : "white", style.color);
      text(px + 12, py + 4, "start", "#333", style.peer);
      py += 20;
    }
  }

  std::FILE *file;
  double peak, memory, cache;
  double labelEnd = 0; // of the last label, in pixels
  Axis x, y;
};

} // namespace

bool writeRoofline(const std::string &path, const std::vector<Row> &rows,
                   const Machine &machine) {
  std::FILE *file = std::fopen(path.c_str(), "w");
  if (!file)
    return false;
  Plot(file, rows, machine).draw(rows);
  return std::fclose(file) == 0;
}

} // namespace bench
