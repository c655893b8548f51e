/* A disk that fails, and a clock that jumps, for tests: loaded before libc.

   FAIL_AFTER=17    the 17th write, truncation or sync of a journal file fails, and all after it
   FAIL_WITH=5      with this error number (EIO; 28 is ENOSPC)
   FAIL_HOW=once    only that one fails
   FAIL_HOW=torn    half of that write is done, and all after it fail
   CLOCK_JUMPS=1    the wall clock jumps by hours, back and forth */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static atomic_long passed;

static int is_journal(int fd) {
  char link[64], path[4096];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, path, sizeof path - 1);
  if (length < 0) return 0;
  path[length] = 0;
  if (strstr(path, "/.wavec/runs/") != NULL && strstr(path, "/@events") != NULL) return 1;
  return strstr(path, "/.wavec/journal.db") != NULL && strstr(path, "-shm") == NULL;
}

/* 0: it goes on; 1: it fails; 2: half of it is done. */
static int fails(int fd) {
  const char *after = getenv("FAIL_AFTER"), *how = getenv("FAIL_HOW"), *with = getenv("FAIL_WITH");
  if (!after || !is_journal(fd)) return 0;
  long count = atomic_fetch_add(&passed, 1) + 1, at = atol(after);
  if (count < at || (count > at && how && !strcmp(how, "once"))) return 0;
  errno = with ? atoi(with) : EIO;
  return count == at && how && !strcmp(how, "torn") ? 2 : 1;
}

#define REAL(type, name, ...) \
  static type (*real)(__VA_ARGS__); \
  if (!real) real = dlsym(RTLD_NEXT, name)

ssize_t pwrite64(int fd, const void *bytes, size_t length, off_t at) {
  REAL(ssize_t, "pwrite64", int, const void *, size_t, off_t);
  int how = fails(fd), error = errno;
  if (how == 2) (void)!real(fd, bytes, length / 2, at);
  errno = error;
  return how ? -1 : real(fd, bytes, length, at);
}
ssize_t pwrite(int fd, const void *bytes, size_t length, off_t at) { return pwrite64(fd, bytes, length, at); }

ssize_t write(int fd, const void *bytes, size_t length) {
  REAL(ssize_t, "write", int, const void *, size_t);
  int how = fails(fd), error = errno;
  if (how == 2) (void)!real(fd, bytes, length / 2);
  errno = error;
  return how ? -1 : real(fd, bytes, length);
}

int fdatasync(int fd) {
  REAL(int, "fdatasync", int);
  return fails(fd) ? -1 : real(fd);
}

int fsync(int fd) {
  REAL(int, "fsync", int);
  return fails(fd) ? -1 : real(fd);
}

int ftruncate64(int fd, off_t length) {
  REAL(int, "ftruncate64", int, off_t);
  return fails(fd) ? -1 : real(fd, length);
}
int ftruncate(int fd, off_t length) { return ftruncate64(fd, length); }

int clock_gettime(clockid_t clock, struct timespec *time) {
  REAL(int, "clock_gettime", clockid_t, struct timespec *);
  static atomic_uint jumps;
  int code = real(clock, time);
  if (!code && clock == CLOCK_REALTIME && getenv("CLOCK_JUMPS"))
    time->tv_sec += (long)(atomic_fetch_add(&jumps, 1) * 7919u % 48u) * 3600 - 86400;
  return code;
}
