/* Loaded before the C library: the AT-th call that writes a file of the folder under test fails as on a full disk, and with FOREVER=1 all after
   it. A write of more than a byte writes half first, as a disk does that fills up. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

static atomic_long calls;

static int fails(void) {
    const char *at = getenv("FAIL_AT"), *forever = getenv("FAIL_FOREVER");
    long now = atomic_fetch_add(&calls, 1) + 1;
    if (!at || !(now == atol(at) || (forever && now > atol(at)))) return 0;
    errno = ENOSPC;
    return 1;
}

/* Standard output is a pipe, and not under test. */
static int ours(int fd) { return fd > 2; }

ssize_t write(int fd, const void *bytes, size_t size) {
    ssize_t (*real)(int, const void *, size_t) = dlsym(RTLD_NEXT, "write");
    if (!ours(fd) || lseek(fd, 0, SEEK_CUR) < 0 || !fails()) return real(fd, bytes, size);
    /* What a full disk still took stands in the file. */
    if (size > 1) real(fd, bytes, size / 2);
    errno = ENOSPC;
    return -1;
}

int fsync(int fd) {
    int (*real)(int) = dlsym(RTLD_NEXT, "fsync");
    return fails() ? -1 : real(fd);
}

int rename(const char *from, const char *to) {
    int (*real)(const char *, const char *) = dlsym(RTLD_NEXT, "rename");
    return fails() ? -1 : real(from, to);
}

int mkdir(const char *path, mode_t mode) {
    int (*real)(const char *, mode_t) = dlsym(RTLD_NEXT, "mkdir");
    return fails() ? -1 : real(path, mode);
}

static int opened(const char *name, const char *path, int flags, mode_t mode) {
    int (*real)(const char *, int, ...) = dlsym(RTLD_NEXT, name);
    if ((flags & O_CREAT) && fails()) return -1;
    return real(path, flags, mode);
}

#define OPEN(name)                                             \
    int name(const char *path, int flags, ...) {               \
        mode_t mode = 0;                                       \
        if (flags & O_CREAT) {                                 \
            va_list more;                                      \
            va_start(more, flags);                             \
            mode = va_arg(more, mode_t);                       \
            va_end(more);                                      \
        }                                                      \
        return opened(#name, path, flags, mode);               \
    }
OPEN(open)
OPEN(open64)
