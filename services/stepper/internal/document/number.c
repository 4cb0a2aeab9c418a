/* number.c: numbers from text and to the shortest text that reads back.
 *
 * Two exact short cuts cover nearly all numbers in practice. A decimal of at
 * most 15 significant digits is, in the normal range of a double, the only one
 * of at most 15 digits that reads as its double; so it is kept beside the
 * double and printed as it was. And a decimal of up to 19 digits, times or over
 * a power of ten that is exact, needs one rounding to the 64-bit significand of
 * x87's long double; a second one to 53 bits is harmless unless the first came
 * to lie beside the middle between two doubles, which is easy to see. Whatever
 * is left goes through strtod and printf, which are exact. */
#include <errno.h>
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "document.h"

#define EXACT_DIGITS 15

static const double pow10_double[] = {1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
	1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

#if LDBL_MANT_DIG == 64
static const long double pow10_long[] = {1e0L, 1e1L, 1e2L, 1e3L, 1e4L, 1e5L, 1e6L, 1e7L, 1e8L, 1e9L, 1e10L, 1e11L, 1e12L, 1e13L,
	1e14L, 1e15L, 1e16L, 1e17L, 1e18L, 1e19L, 1e20L, 1e21L, 1e22L, 1e23L, 1e24L, 1e25L, 1e26L, 1e27L};
#endif

/* decimal * 10^exponent, where a short cut gives the exactly rounded double. */
static bool scale(uint64_t decimal, int exponent, double *d)
{
	if (decimal <= 1ull << 53 && exponent >= -22 && exponent <= 22) {
		double whole = (double)decimal;
		*d = exponent < 0 ? whole / pow10_double[-exponent] : whole * pow10_double[exponent];
		return true;
	}
#if LDBL_MANT_DIG == 64
	if (exponent >= -27 && exponent <= 27) {
		long double whole = (long double)decimal;
		long double scaled = exponent < 0 ? whole / pow10_long[-exponent] : whole * pow10_long[exponent];
		uint64_t significand;
		memcpy(&significand, &scaled, sizeof significand);
		uint64_t rest = significand & 0x7ff;
		if (rest < 0x3ff || rest > 0x401) {
			*d = (double)scaled;
			return true;
		}
	}
#endif
	return false;
}

static int count_digits(uint64_t n)
{
	int digits = 1;

	while (n >= 10) {
		n /= 10;
		digits++;
	}
	return digits;
}

/* strtod wants a terminator, so the text is copied; a long one to a block. */
static enum number_result parse_slowly(struct heap *h, double *d, const char *text, size_t len)
{
	char stack[64], *copy = stack;

	if (len >= sizeof stack) {
		copy = heap_alloc(h, len + 1);
		if (copy == NULL)
			return NUMBER_NO_MEMORY;
	}
	memcpy(copy, text, len);
	copy[len] = '\0';
	*d = fabs(strtod(copy, NULL));
	if (copy != stack)
		heap_free(h, copy, len + 1);
	return isfinite(*d) ? NUMBER_OK : NUMBER_OUT_OF_RANGE;
}

enum number_result number_parse(struct heap *h, struct value *v, const char *text, size_t len)
{
	const char *p = text, *end = text + len;
	bool negative = *p == '-', whole = true, overflow = false, digits_lost = false;
	uint64_t decimal = 0;
	int exponent = 0;
	long power = 0;

	if (negative)
		p++;
	for (; p < end && *p >= '0' && *p <= '9'; p++) {
		unsigned digit = (unsigned)(*p - '0');
		if (overflow || __builtin_mul_overflow(decimal, 10, &decimal) || __builtin_add_overflow(decimal, digit, &decimal))
			overflow = true;
	}
	if (p < end) {
		/* A fraction or an exponent: once more, keeping 19 digits. */
		whole = false;
		decimal = 0;
		bool fraction = false;
		for (p = text + negative; p < end && *p != 'e' && *p != 'E'; p++) {
			if (*p == '.') {
				fraction = true;
				continue;
			}
			if (decimal < 1000000000000000000ull) {
				decimal = decimal * 10 + (unsigned)(*p - '0');
				exponent -= fraction;
			} else {
				digits_lost |= *p != '0';
				exponent += !fraction;
			}
		}
		if (p < end) {
			bool down = false;
			p++;
			if (*p == '+' || *p == '-')
				down = *p++ == '-';
			for (; p < end; p++)
				if (power < 100000000)
					power = power * 10 + (*p - '0');
			if (down)
				power = -power;
		}
	}
	if (whole && !overflow) {
		if (!negative) {
			v->kind = KIND_UINT;
			v->as.u = decimal;
			return NUMBER_OK;
		}
		if (decimal != 0 && decimal <= 1ull << 63) {
			v->kind = KIND_INT;
			v->as.i = (int64_t)(0 - decimal);
			return NUMBER_OK;
		}
	}

	double d;
	long total = exponent + power;

	v->kind = KIND_DOUBLE;
	v->short_decimal = false;
	if (!whole && decimal == 0 && !digits_lost) {
		d = 0;
	} else if (overflow || digits_lost || total < -400 || total > 400 || !scale(decimal, (int)total, &d)) {
		enum number_result result = parse_slowly(h, &d, text, len);
		if (result != NUMBER_OK)
			return result;
	}
	if (!isfinite(d))
		return NUMBER_OUT_OF_RANGE;
	if (!overflow && !digits_lost && decimal != 0 && d >= DBL_MIN) {
		while (decimal % 10 == 0) {
			decimal /= 10;
			total++;
		}
		if (count_digits(decimal) <= EXACT_DIGITS) {
			v->short_decimal = true;
			v->exponent = (int16_t)total;
			v->as.number.decimal = decimal;
		}
	}
	v->as.number.d = negative ? -d : d;
	return NUMBER_OK;
}

static size_t format_uint(uint64_t n, char *out)
{
	char digits[20];
	size_t len = 0;

	do {
		digits[len++] = (char)('0' + n % 10);
		n /= 10;
	} while (n > 0);
	for (size_t i = 0; i < len; i++)
		out[i] = digits[len - 1 - i];
	return len;
}

/* Writes d, finite and positive, with n significant digits in scientific form
 * and says whether that reads back. A power of two has its lower neighbour at
 * half the distance of the upper one: there the nearest decimal of n digits may
 * miss where the next one up hits. */
static bool reads_back(double d, int n, char *text, size_t size)
{
	int exponent;

	snprintf(text, size, "%.*e", n - 1, d);
	if (strtod(text, NULL) == d)
		return true;
	if (frexp(d, &exponent) != 0.5)
		return false;
	int at = n == 1 ? 0 : n;
	while (at >= 0 && (text[at] == '9' || text[at] == '.'))
		at--;
	if (at < 0)
		return false;
	text[at]++;
	for (at++; at <= n; at++)
		if (text[at] == '9')
			text[at] = '0';
	return strtod(text, NULL) == d;
}

/* The shortest digits that read as d, nearest first; d is finite, positive and
 * no short decimal. */
static void shortest(double d, uint64_t *decimal, int *exponent)
{
	char text[40];
	int n = d < DBL_MIN ? 1 : EXACT_DIGITS;

	while (n < 17 && !reads_back(d, n, text, sizeof text))
		n++;
	if (n == 17)
		snprintf(text, sizeof text, "%.16e", d);

	char *e = strchr(text, 'e');
	*decimal = 0;
	*exponent = atoi(e + 1) + 1;
	for (char *p = text; p < e; p++) {
		if (*p != '.') {
			*decimal = *decimal * 10 + (unsigned)(*p - '0');
			(*exponent)--;
		}
	}
	while (*decimal % 10 == 0) {
		*decimal /= 10;
		(*exponent)++;
	}
}

/* Plain notation from 1e-5 up to below 1e16, always with a point; otherwise
 * d.ddde-7. */
static size_t format_decimal(uint64_t decimal, int exponent, char *out)
{
	char digits[20];
	int len = (int)format_uint(decimal, digits), point = len + exponent;
	char *p = out;

	if (point > 16 || point <= -5) {
		*p++ = digits[0];
		if (len > 1) {
			*p++ = '.';
			memcpy(p, digits + 1, (size_t)len - 1);
			p += len - 1;
		}
		*p++ = 'e';
		if (point - 1 < 0)
			*p++ = '-';
		p += format_uint((uint64_t)(point - 1 < 0 ? 1 - point : point - 1), p);
	} else if (exponent >= 0) {
		memcpy(p, digits, (size_t)len);
		memset(p + len, '0', (size_t)exponent);
		p += point;
		*p++ = '.';
		*p++ = '0';
	} else if (point > 0) {
		memcpy(p, digits, (size_t)point);
		p[point] = '.';
		memcpy(p + point + 1, digits + point, (size_t)(len - point));
		p += len + 1;
	} else {
		*p++ = '0';
		*p++ = '.';
		memset(p, '0', (size_t)-point);
		p += -point;
		memcpy(p, digits, (size_t)len);
		p += len;
	}
	return (size_t)(p - out);
}

size_t number_format(const struct value *v, char *out)
{
	double d;
	uint64_t decimal;
	int exponent;
	size_t sign = 0;

	if (v->kind == KIND_UINT)
		return format_uint(v->as.u, out);
	if (v->kind == KIND_INT) {
		out[0] = '-';
		return 1 + format_uint(0 - (uint64_t)v->as.i, out + 1);
	}
	d = v->as.number.d;
	if (signbit(d)) {
		out[sign++] = '-';
		d = -d;
	}
	if (d == 0) {
		memcpy(out + sign, "0.0", 3);
		return sign + 3;
	}
	if (v->short_decimal) {
		decimal = v->as.number.decimal;
		exponent = v->exponent;
	} else {
		shortest(d, &decimal, &exponent);
	}
	return sign + format_decimal(decimal, exponent, out + sign);
}
