// Package openwrt holds no code: it is the OpenWrt package of imon (Makefile for
// a feed, files that are installed, labels of the ready-made ipks), and its tests.
package openwrt
