/* RFC 8259, as far as the headers of safetensors files need it. */
#include "files/json.h"

#include <string.h>

/* Deeper nesting is refused, so that no file can exhaust the stack. */
#define MAX_DEPTH 64

static int fail(sinter_json *json, const char *problem) {
  if (!json->problem)
    json->problem = problem;
  json->at = json->end;
  return 0;
}

static void skip_space(sinter_json *json) {
  while (json->at < json->end && (*json->at == ' ' || *json->at == '\t' ||
                                  *json->at == '\n' || *json->at == '\r'))
    ++json->at;
}

int sinter_json_accept(sinter_json *json, char c) {
  skip_space(json);
  if (json->at >= json->end || *json->at != c)
    return 0;
  ++json->at;
  return 1;
}

int sinter_json_expect(sinter_json *json, char c) {
  if (sinter_json_accept(json, c))
    return 1;
  switch (c) {
  case '{':
    return fail(json, "a '{' is missing");
  case '}':
    return fail(json, "a ',' or '}' is missing");
  case '[':
    return fail(json, "a '[' is missing");
  case ']':
    return fail(json, "a ',' or ']' is missing");
  case ',':
    return fail(json, "a ',' is missing");
  case ':':
    return fail(json, "a ':' is missing");
  default:
    return fail(json, "a character is missing");
  }
}

int sinter_json_at_end(sinter_json *json) {
  skip_space(json);
  return !json->problem && json->at == json->end;
}

/* Four hexadecimal digits, or -1. */
static int32_t hex4(sinter_json *json) {
  if (json->end - json->at < 4)
    return -1;
  int32_t value = 0;
  for (int i = 0; i < 4; ++i) {
    char c = *json->at++;
    int digit = c >= '0' && c <= '9'   ? c - '0'
                : c >= 'a' && c <= 'f' ? c - 'a' + 10
                : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                       : -1;
    if (digit < 0)
      return -1;
    value = value * 16 + digit;
  }
  return value;
}

/* The code point of \uXXXX, surrogate pairs joined; -1 if it is none. */
static int32_t unicode_escape(sinter_json *json) {
  int32_t high = hex4(json);
  if (high < 0xD800 || high > 0xDFFF)
    return high;
  if (high > 0xDBFF || json->end - json->at < 2 || json->at[0] != '\\' ||
      json->at[1] != 'u')
    return -1;
  json->at += 2;
  int32_t low = hex4(json);
  if (low < 0xDC00 || low > 0xDFFF)
    return -1;
  return 0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00);
}

static char *put_utf8(char *out, int32_t code) {
  if (code < 0x80) {
    *out++ = (char)code;
  } else if (code < 0x800) {
    *out++ = (char)(0xC0 | code >> 6);
    *out++ = (char)(0x80 | (code & 63));
  } else if (code < 0x10000) {
    *out++ = (char)(0xE0 | code >> 12);
    *out++ = (char)(0x80 | (code >> 6 & 63));
    *out++ = (char)(0x80 | (code & 63));
  } else {
    *out++ = (char)(0xF0 | code >> 18);
    *out++ = (char)(0x80 | (code >> 12 & 63));
    *out++ = (char)(0x80 | (code >> 6 & 63));
    *out++ = (char)(0x80 | (code & 63));
  }
  return out;
}

char *sinter_json_string(sinter_json *json) {
  static const char escapes[] = "\"\\/bfnrt";
  static const char meanings[] = "\"\\/\b\f\n\r\t";
  if (!sinter_json_accept(json, '"')) {
    fail(json, "a string is missing");
    return NULL;
  }
  /* Every escape is longer than what it stands for, and the closing quote
   * leaves room for the zero. */
  char *text = json->at, *out = json->at;
  while (json->at < json->end) {
    char c = *json->at++;
    if (c == '"') {
      *out = 0;
      return text;
    }
    if ((unsigned char)c < 0x20)
      break;
    if (c != '\\') {
      *out++ = c;
      continue;
    }
    if (json->at == json->end)
      break;
    c = *json->at++;
    if (c == 'u') {
      int32_t code = unicode_escape(json);
      if (code <= 0) {
        fail(json, "a string holds a bad \\u escape");
        return NULL;
      }
      out = put_utf8(out, code);
      continue;
    }
    const char *known = c ? strchr(escapes, c) : NULL;
    if (!known) {
      fail(json, "a string holds an unknown escape");
      return NULL;
    }
    *out++ = meanings[known - escapes];
  }
  fail(json, "a string does not end");
  return NULL;
}

int64_t sinter_json_whole(sinter_json *json) {
  skip_space(json);
  char *first = json->at;
  int64_t value = 0;
  while (json->at < json->end && *json->at >= '0' && *json->at <= '9') {
    int digit = *json->at - '0';
    if (value > (INT64_MAX - digit) / 10) {
      fail(json, "a number is too large");
      return -1;
    }
    value = value * 10 + digit;
    ++json->at;
  }
  int digits = (int)(json->at - first);
  int goes_on = json->at < json->end &&
                (*json->at == '.' || *json->at == 'e' || *json->at == 'E');
  if (digits == 0 || goes_on || (digits > 1 && *first == '0')) {
    fail(json, "a whole number is missing");
    return -1;
  }
  return value;
}

static int skip_word(sinter_json *json) {
  /* Numbers, true, false, null: their spelling is of no interest here. */
  char *first = json->at;
  while (json->at < json->end && *json->at &&
         strchr("+-.0123456789abcdefghijklmnopqrstuvwxyzE", *json->at))
    ++json->at;
  return json->at > first ? 1 : fail(json, "a value is missing");
}

static int skip_value(sinter_json *json, int depth) {
  if (depth > MAX_DEPTH)
    return fail(json, "values are nested too deeply");
  skip_space(json);
  if (json->at >= json->end)
    return fail(json, "a value is missing");
  if (*json->at == '"')
    return sinter_json_string(json) != NULL;
  if (sinter_json_accept(json, '{')) {
    if (sinter_json_accept(json, '}'))
      return 1;
    do {
      if (!sinter_json_string(json) || !sinter_json_expect(json, ':') ||
          !skip_value(json, depth + 1))
        return 0;
    } while (sinter_json_accept(json, ','));
    return sinter_json_expect(json, '}');
  }
  if (sinter_json_accept(json, '[')) {
    if (sinter_json_accept(json, ']'))
      return 1;
    do {
      if (!skip_value(json, depth + 1))
        return 0;
    } while (sinter_json_accept(json, ','));
    return sinter_json_expect(json, ']');
  }
  return skip_word(json);
}

int sinter_json_skip(sinter_json *json) { return skip_value(json, 0); }
