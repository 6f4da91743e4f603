/* SPDX-License-Identifier: BSD-3-Clause */
/* file: plain and gzip reading, damage, whole files, paths, hashes. */

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <zlib.h>

#include "hpo/file.h"
#include "hpo/rng.h"

enum { BIG = 300000 };
static const hpo_rng_key key = {{1, 2}};

typedef struct place {
  char folder[64], path[128];
  uint8_t *data; /* [BIG], half of it random */
} place;

static int set_up(void **state) {
  place *p = calloc(1, sizeof *p);
  if (p == NULL || (p->data = malloc(BIG)) == NULL)
    return -1;
  strcpy(p->folder, "test_file_XXXXXX");
  if (mkdtemp(p->folder) == NULL)
    return -1;
  snprintf(p->path, sizeof p->path, "%s/data", p->folder);
  for (size_t i = 0; i < BIG; i++)
    p->data[i] =
        (uint8_t)(i / 1000 % 2 == 0 ? i : hpo_rng_hash(key, 0, i) & 0xff);
  *state = p;
  return 0;
}

static int tear_down(void **state) {
  place *p = *state;
  unlink(p->path);
  int code = rmdir(p->folder); /* nothing else may be left in it */
  free(p->data);
  free(p);
  return code;
}

/* Packs n bytes as one gzip member; returns its size. */
static size_t pack(const uint8_t *from, size_t n, uint8_t *to, size_t room) {
  z_stream z = {0};
  assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, 0), Z_OK);
  z.next_in = (uint8_t *)(uintptr_t)from;
  z.avail_in = (uInt)n;
  z.next_out = to;
  z.avail_out = (uInt)room;
  assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
  size_t packed = room - z.avail_out;
  deflateEnd(&z);
  return packed;
}

static void put(const char *path, const void *from, size_t n) {
  FILE *f = fopen(path, "wb");
  assert_non_null(f);
  assert_int_equal(fwrite(from, 1, n, f), n);
  assert_int_equal(fclose(f), 0);
}

/* Reads the whole file in steps of any size and compares. */
static void expect(const char *path, const uint8_t *right, size_t n) {
  static const size_t step[] = {1, 7, 1000, 65536, 1000000};
  for (size_t k = n > 20000 ? 2 : 0; k < 5; k++) {
    hpo_file *f = NULL;
    hpo_error err = {0};
    size_t got = 1, at = 0;
    uint8_t *to = malloc(1000000);
    assert_non_null(to);
    if (hpo_file_open(path, &f, &err) != HPO_OK)
      fail_msg("%s", err.text);
    while (got > 0) {
      if (hpo_file_read(f, to, step[k], &got, &err) != HPO_OK)
        fail_msg("%s", err.text);
      assert_true(got <= step[k] && at + got <= n);
      assert_memory_equal(to, right + at, got);
      at += got;
    }
    assert_int_equal(at, n);
    assert_int_equal(hpo_file_read(f, to, 5, &got, &err), HPO_OK);
    assert_int_equal(got, 0);
    hpo_file_close(f);
    free(to);
  }
}

static void test_plain(void **state) {
  static const size_t size[] = {0, 1, 2, 65535, 65536, 65537, BIG};
  place *p = *state;
  for (size_t i = 0; i < sizeof size / sizeof size[0]; i++) {
    put(p->path, p->data, size[i]);
    expect(p->path, p->data, size[i]);
  }
  put(p->path, "\x1f", 1); /* half of a gzip mark is plain */
  expect(p->path, (const uint8_t *)"\x1f", 1);
}

static void test_gzip(void **state) {
  place *p = *state;
  uint8_t *packed = malloc(2 * BIG);
  assert_non_null(packed);
  size_t n = pack(p->data, BIG, packed, 2 * BIG);
  put(p->path, packed, n);
  expect(p->path, p->data, BIG);
  /* two members, an empty one between them, zeros at the end */
  n = pack(p->data, 1000, packed, BIG);
  n += pack(p->data, 0, packed + n, BIG);
  n += pack(p->data + 1000, BIG - 1000, packed + n, BIG);
  memset(packed + n, 0, 512);
  put(p->path, packed, n + 512);
  expect(p->path, p->data, BIG);
  n = pack(p->data, 0, packed, BIG);
  put(p->path, packed, n);
  expect(p->path, p->data, 0);
  free(packed);
}

/* Reads to the end; HPO_OK or why not. */
static hpo_status drain(const char *path, hpo_error *err) {
  hpo_buffer b = {0};
  hpo_status status = hpo_file_read_all(path, 0, &b, err);
  assert_true(status == HPO_OK || b.byte == NULL);
  hpo_buffer_free(&b);
  return status;
}

static void test_damaged_gzip(void **state) {
  place *p = *state;
  hpo_error err = {0};
  uint8_t packed[3000];
  size_t n = pack(p->data, 900, packed, sizeof packed);
  for (size_t cut = 2; cut < n; cut++) {
    put(p->path, packed, cut);
    assert_int_equal(drain(p->path, &err), HPO_EDATA);
    assert_non_null(strstr(err.text, "is cut short"));
    assert_non_null(strstr(err.text, p->path));
  }
  /* the second member is cut */
  memcpy(packed + n, packed, n / 2);
  put(p->path, packed, n + n / 2);
  assert_int_equal(drain(p->path, &err), HPO_EDATA);
  memcpy(packed + n, "text", 4);
  put(p->path, packed, n + 4);
  assert_int_equal(drain(p->path, &err), HPO_EDATA);
  assert_non_null(strstr(err.text, "other bytes follow"));
  /* a flipped bit: the header may survive one, the data and its CRC not */
  for (size_t at = 10; at < n; at++) {
    packed[at] ^= 4;
    put(p->path, packed, n);
    hpo_status status = drain(p->path, &err);
    assert_int_equal(status, HPO_EDATA);
    packed[at] ^= 4;
  }
}

static void test_cannot_open(void **state) {
  place *p = *state;
  hpo_file *f = NULL;
  hpo_error err = {0};
  assert_int_equal(hpo_file_open("no/such/file.csv", &f, &err), HPO_EDATA);
  assert_string_equal(
      err.text,
      "no/such/file.csv: cannot be opened: No such file or directory");
  assert_int_equal(hpo_file_open(p->folder, &f, &err), HPO_EDATA);
  assert_non_null(strstr(err.text, "is a directory"));
  assert_null(f);
  hpo_file_close(NULL);
  assert_int_equal(hpo_file_write_all("no/such/file", "x", 1, &err), HPO_EIO);
  assert_int_equal(hpo_file_write_all(p->folder, "x", 1, &err), HPO_EIO);
}

static void test_whole(void **state) {
  place *p = *state;
  hpo_buffer b = {0};
  hpo_error err = {0};
  struct stat st;
  put(p->path, p->data, BIG);
  assert_int_equal(hpo_file_read_all(p->path, BIG, &b, &err), HPO_OK);
  assert_int_equal(b.n, BIG);
  assert_memory_equal(b.byte, p->data, BIG);
  assert_int_equal(b.byte[BIG], 0);
  hpo_buffer_free(&b);
  assert_int_equal(hpo_file_read_all(p->path, BIG - 1, &b, &err), HPO_EINVAL);
  assert_non_null(strstr(err.text, "299999"));
  assert_null(b.byte);
  /* shorter: nothing of the old file stays */
  assert_int_equal(hpo_file_write_all(p->path, "new", 3, &err), HPO_OK);
  assert_int_equal(stat(p->path, &st), 0);
  assert_int_equal(st.st_size, 3);
  assert_true(hpo_file_exists(p->path));
  assert_false(hpo_file_exists("no/such/file"));
  assert_false(hpo_file_on_nfs("/proc/self/stat"));
  assert_false(hpo_file_on_nfs("no/such/file"));
}

static void test_resolve(void **state) {
  static const char *const v[][3] = {{"a/b/study.xml", "x.csv", "a/b/x.csv"},
                                     {"study.xml", "x.csv", "x.csv"},
                                     {"/study.xml", "x.csv", "/x.csv"},
                                     {"a/study.xml", "/d/x.csv", "/d/x.csv"},
                                     {"a/study.xml", "../x", "a/../x"}};
  (void)state;
  for (size_t i = 0; i < sizeof v / sizeof v[0]; i++) {
    char *out = NULL;
    assert_int_equal(hpo_file_resolve(v[i][0], v[i][1], &out, NULL), HPO_OK);
    assert_string_equal(out, v[i][2]);
    hpo_mem_free(out);
  }
}

/* Makes the link, resolves it and takes it away. */
static void check_link(const place *p, const char *to, hpo_status expect,
                       const char *target) {
  char link[128], whole[192], *out = NULL;
  hpo_error err = {0};
  snprintf(link, sizeof link, "%s/link", p->folder);
  assert_int_equal(symlink(to, link), 0);
  assert_int_equal(hpo_file_beside(link, ".x", &out, &err), expect);
  if (expect == HPO_OK) {
    snprintf(whole, sizeof whole, "%s%s%s", *target == '/' ? "" : p->folder,
             *target == '/' ? "" : "/", target);
    assert_string_equal(out, whole);
  }
  hpo_mem_free(out);
  unlink(link);
}

static void test_beside(void **state) {
  const place *p = *state;
  char *out = NULL;
  assert_int_equal(hpo_file_beside(p->path, ".x", &out, NULL), HPO_OK);
  assert_memory_equal(out, p->path, strlen(p->path));
  assert_string_equal(out + strlen(p->path), ".x");
  hpo_mem_free(out);
  check_link(p, "data", HPO_OK, "data.x");
  check_link(p, "../there/data", HPO_OK, "../there/data.x");
  check_link(p, "/no/such", HPO_OK, "/no/such.x");
  check_link(p, "link", HPO_EIO, NULL);
}

/* FIPS 180-4 examples; and that pieces do not matter. */
static void test_sha256(void **state) {
  static const char *const v[][2] = {
      {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
      {"abc",
       "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
      {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
       "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
      {"abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmn"
       "opjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu",
       "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1"}};
  char hex[65], other[65];
  hpo_sha256 s;
  (void)state;
  for (size_t i = 0; i < 4; i++) {
    hpo_sha256_start(&s);
    hpo_sha256_add(&s, v[i][0], strlen(v[i][0]));
    hpo_sha256_end(&s, hex);
    assert_string_equal(hex, v[i][1]);
  }
  hpo_sha256_start(&s);
  for (int i = 0; i < 1000000; i += 1000) {
    char a[1000];
    memset(a, 'a', sizeof a);
    hpo_sha256_add(&s, a, sizeof a);
  }
  hpo_sha256_end(&s, hex);
  assert_string_equal(
      hex, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
  const place *p = *state;
  for (size_t n = 0; n < 200; n++) {
    hpo_sha256_start(&s);
    hpo_sha256_add(&s, p->data, n);
    hpo_sha256_end(&s, hex);
    hpo_sha256_start(&s);
    for (size_t at = 0, m = 0; at < n; at += m) {
      m = 1 + hpo_rng_hash(key, n, at) % (n - at);
      hpo_sha256_add(&s, p->data + at, m);
    }
    hpo_sha256_end(&s, other);
    assert_string_equal(hex, other);
  }
}

static void test_crc32(void **state) {
  (void)state;
  assert_int_equal(hpo_file_crc32(0, "123456789", 9), 0xcbf43926);
  assert_int_equal(hpo_file_crc32(hpo_file_crc32(0, "1234", 4), "56789", 5),
                   0xcbf43926);
}

int main(void) {
  const struct CMUnitTest test[] = {
      cmocka_unit_test(test_plain),        cmocka_unit_test(test_gzip),
      cmocka_unit_test(test_damaged_gzip), cmocka_unit_test(test_cannot_open),
      cmocka_unit_test(test_whole),        cmocka_unit_test(test_resolve),
      cmocka_unit_test(test_beside),       cmocka_unit_test(test_sha256),
      cmocka_unit_test(test_crc32),
  };
  return cmocka_run_group_tests(test, set_up, tear_down);
}
